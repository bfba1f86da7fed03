/** Why a rule drops a document: `family.rule`, and the figure beside its threshold. */
export interface Dropped<Reason extends string = string> {
  readonly reason: Reason;
  readonly detail: string;
}

/** A figure as it stands in a detail. */
export const figure = (value: number): string => String(Number(value.toPrecision(3)));

export const above = <Reason extends string>(reason: Reason, value: number, threshold: number): Dropped<Reason> => ({
  reason,
  detail: `${figure(value)} > ${figure(threshold)}`,
});

export const below = <Reason extends string>(reason: Reason, value: number, threshold: number): Dropped<Reason> => ({
  reason,
  detail: `${figure(value)} < ${figure(threshold)}`,
});
