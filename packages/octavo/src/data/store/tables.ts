/**
 * The tables of the store. Text of users is held as JSON text (`stored-text.ts`), so that every database keeps every
 * string; keys are short ASCII of ours.
 */
export interface StoreTables {
  readonly octavo_migrations: { readonly number: number; readonly name: string; readonly applied_ms: number };
  readonly label_projects: {
    readonly id: string;
    /** JSON: kind, question, labels, scale, overlap. */
    readonly settings: string;
    readonly created_ms: number;
  };
  readonly label_items: {
    readonly project: string;
    /** Hash of the item's own id. */
    readonly item: string;
    /** Order of import, from 0. */
    readonly position: number;
    /** JSON: id, what is labelled, what came with it. */
    readonly content: string;
  };
  readonly label_claims: {
    readonly project: string;
    readonly item: string;
    /** Hash of the annotator's name. */
    readonly annotator: string;
    readonly expires_ms: number;
  };
  readonly label_annotations: {
    readonly project: string;
    readonly item: string;
    readonly annotator: string;
    /** JSON: the annotator's name, the value, a comment. */
    readonly content: string;
    readonly created_ms: number;
  };
  readonly label_suggestions: {
    readonly project: string;
    readonly item: string;
    /** Hash of the name of what suggests: a labelling function, a classifier. */
    readonly origin: string;
    /** JSON: name, value. */
    readonly content: string;
    /** How unsure the suggestion is, from 0; the most unsure is asked first. */
    readonly priority: number;
  };
}
