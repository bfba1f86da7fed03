import { z } from 'zod';

/** A family of rules in octavo.yaml: `true` for the published thresholds, `false` for none, or the thresholds that differ. */
export const rules = <Fields extends z.ZodRawShape>(fields: Fields, says: string) =>
  z
    .union([z.boolean(), z.strictObject(fields)])
    .default(false)
    .describe(`${says} true takes the defaults.`);

/** The thresholds of a family, or undefined where it is off. */
export function rulesOf<Fields extends z.ZodRawShape>(
  given: boolean | z.infer<z.ZodObject<Fields>>,
  fields: Fields,
): z.infer<z.ZodObject<Fields>> | undefined {
  if (given === false) return undefined;
  return z.object(fields).parse(given === true ? {} : given);
}
