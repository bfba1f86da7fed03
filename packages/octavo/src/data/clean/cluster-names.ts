import type { Judgement } from './judge-documents.js';

/** The ids of clusters, while documents pass in order: the first of a cluster gives it its name. */
export function clusterNames({ alike }: Judgement, documents: number) {
  const sizes = new Uint32Array(documents);
  for (let number = 0; number < documents; number++) {
    const root = alike.root(number);
    sizes[root] = (sizes[root] ?? 0) + 1;
  }
  const names = new Map<number, string>();
  return (number: number, id: string): string => {
    const root = alike.root(number);
    if (root === number && (sizes[number] ?? 0) > 1) names.set(number, id);
    return names.get(root) ?? id;
  };
}
