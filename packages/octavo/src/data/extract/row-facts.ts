/** What a row may tell of a document beside its text: read from the fields that the source names for it. */

/** The option of a source that names the field of each. */
export const factFields = {
  url: 'urlField',
  time: 'timeField',
  title: 'titleField',
  licence: 'licenceField',
  label: 'labelField',
} as const;

export type Fact = keyof typeof factFields;
export type FactFields = { readonly [Name in Fact as (typeof factFields)[Name]]?: string | undefined };
export type Facts = { readonly [Name in Fact]?: string };

export const facts: readonly Fact[] = ['url', 'time', 'title', 'licence', 'label'];

/** The options, each as `of` says. */
export const factFieldsOf = (of: (option: keyof FactFields, fact: Fact) => string | undefined): FactFields =>
  Object.fromEntries(facts.map((fact) => [factFields[fact], of(factFields[fact], fact)]));

/** For rows that hold facts under their own names. */
export const ownNames: FactFields = factFieldsOf((_, fact) => fact);

/** A longer label is none that labelling would take, a longer address or title is text gone astray. */
const mostCharacters = (fact: Fact): number => (fact === 'label' ? 200 : 2000);

/** What a value says: text, a number, true and false; undefined for all else and what is too long. */
export function factOfValue(fact: Fact, value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'boolean' && !Number.isFinite(value)) return undefined;
  const text = String(value).trim();
  return text === '' || text.length > mostCharacters(fact) ? undefined : text;
}

/** The facts of a row whose fields `valueIn` gives. */
export function factsOf(fields: FactFields, valueIn: (field: string) => unknown): Facts {
  const told: { [Name in Fact]?: string } = {};
  for (const fact of facts) {
    const field = fields[factFields[fact]];
    const value = field === undefined ? undefined : factOfValue(fact, valueIn(field));
    if (value !== undefined) told[fact] = value;
  }
  return told;
}
