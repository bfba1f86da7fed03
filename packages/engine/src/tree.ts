/** Nested records and arrays with values at the leaves: parameters, gradients, optimiser states. */
export type Tree<T> = T | { readonly [name: string]: Tree<T> } | readonly Tree<T>[];

/** Leaves by path, in the order of the tree: `blocks.0.attention.qkv.weight`. */
export function leavesOf<T>(
  tree: Tree<T>,
  isLeaf: (value: unknown) => value is T,
  path = '',
): readonly (readonly [string, T])[] {
  if (isLeaf(tree)) return [[path, tree]];
  return Object.entries(tree).flatMap(([name, child]) =>
    leavesOf(child, isLeaf, path === '' ? name : `${path}.${name}`),
  );
}
