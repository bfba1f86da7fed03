/** Facts on countries, from the `countries.json` of the package world-countries. */
import { z } from 'zod';
import type { ChatFamily } from './chat-family.js';

export const countriesPackage = { name: 'world-countries', version: '5.1.0' } as const;

const Countries = z.array(
  z.object({
    cca3: z.string(),
    name: z.object({ common: z.string() }),
    capital: z.array(z.string()),
    region: z.string(),
    subregion: z.string(),
    currencies: z.union([z.record(z.string(), z.object({ name: z.string() })), z.array(z.never())]),
    languages: z.record(z.string(), z.string()),
    demonyms: z.object({ eng: z.object({ m: z.string() }).optional() }).optional(),
  }),
);
type Country = z.infer<typeof Countries>[number];

export interface Fact {
  readonly family: ChatFamily;
  readonly id: string;
  readonly subject: string;
  readonly answer: string;
}

const takesArticle =
  /^(Bahamas|Gambia|Netherlands|Philippines|Maldives|Comoros|Seychelles|Vatican City|Isle of Man|Ivory Coast|DR Congo|Caribbean Netherlands|United (States|Kingdom|Arab)|British|French Southern|Republic|Central African|Dominican Republic|.*(Islands|Territory)\b)/;

/** The country as it stands inside a sentence. */
export const inSentence = (name: string): string => (takesArticle.test(name) ? `the ${name}` : name);

function continentOf({ region, subregion }: Country): string {
  if (region === 'Antarctic') return 'Antarctica';
  if (region !== 'Americas') return region;
  return subregion === 'South America' ? 'South America' : 'North America';
}

/** The one value of a record, or none where there are several: a question has one exact answer. */
function only(values: readonly string[]): string | undefined {
  return values.length === 1 ? values[0] : undefined;
}

/** One fact a country and family, where the country has just one answer. */
export function countryFacts(json: unknown): readonly Fact[] {
  return Countries.parse(json).flatMap((country) => {
    const answers: readonly (readonly [ChatFamily, string | undefined])[] = [
      ['capital', country.capital[0]],
      ['continent', continentOf(country)],
      ['currency', only(Object.values(country.currencies).map(({ name }) => name))],
      ['language', only(Object.values(country.languages))],
      ['demonym', country.demonyms?.eng?.m],
    ];
    return answers.flatMap(([family, answer]) =>
      answer === undefined || !/^[\p{L}][\p{L} .'’-]*$/u.test(answer)
        ? []
        : [{ family, id: country.cca3, subject: inSentence(country.name.common), answer }],
    );
  });
}
