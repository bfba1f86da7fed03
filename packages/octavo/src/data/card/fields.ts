import { z } from 'zod';

const said = (what: string) => z.string().max(20_000).default('').describe(what);

/** What only people know of a data set, after the questions of Datasheets for Datasets (Gebru et al., arXiv 1803.09010). */
export const cardFields = {
  title: said('Name of the data set.'),
  description: said('What it is.'),
  motivation: said('Why it was made, and by whom.'),
  uses: said('What it is meant for, and what not.'),
  gaps: said('What is known to be missing or skewed.'),
  maintenance: said('Who looks after it, and where to write.'),
  licence: said('Licence of the whole.'),
};
