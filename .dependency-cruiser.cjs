/**
 * The arrows between rooms, as docs/architecture.md lists them. Whatever is not listed is refused, and another room is
 * entered only by its index.ts.
 */
const source = 'packages/octavo/src';

/** Which rooms a room may import, besides core, formats and project. */
const arrows = {
  data: ['text'],
  models: ['engine'],
  hardware: ['models'],
  plan: ['hardware'],
  training: ['models', 'engine', 'text', 'evaluation', 'generation'],
  generation: ['models', 'engine', 'text'],
  interpret: ['models', 'engine'],
  evaluation: ['text'],
  tuning: ['models', 'text', 'training', 'generation', 'evaluation'],
  export: ['models', 'generation'],
  serving: ['generation', 'evaluation', 'text'],
  text: [],
  project: [],
};

/** The ground: imports no room but what stands here. */
const ground = { core: [], formats: ['core'] };

const everyRoom = [...Object.keys(arrows), ...Object.keys(ground)];
const knowsAll = { pipeline: ['engine', ...everyRoom], cli: ['pipeline', ...everyRoom] };

const allowed = {
  ...Object.fromEntries(Object.entries(arrows).map(([room, targets]) => [room, ['core', 'formats', 'project', ...targets]])),
  ...ground,
  ...knowsAll,
};

const folder = (room) => (room === 'engine' ? 'packages/engine' : `${source}/${room}`);
const rooms = Object.keys(allowed);

const roomRules = rooms.map((room) => {
  const targets = allowed[room].filter((target) => target !== room);
  return {
    name: `arrows-of-${room}`,
    comment: `${room} may import ${targets.join(', ') || 'no room'}`,
    severity: 'error',
    // A test may hold a room to another that it does not use itself.
    from: { path: `^${source}/${room}/`, pathNot: '\\.test(-support)?\\.ts$' },
    to: {
      path: '^packages/',
      // Errors are shared ground: core passes on the engine's error class.
      pathNot: [room, ...targets].map((target) => `^${folder(target)}/`).concat(room === 'core' ? ['^packages/engine/(src|dist)/error'] : []),
    },
  };
});

const doorRule = {
  name: 'by-the-door',
  comment: 'another room is entered by its index.ts',
  severity: 'error',
  from: { path: `^${source}/([^/]+)/` },
  to: { path: `^${source}/[^/]+/.+`, pathNot: [`^${source}/$1/`, `^${source}/[^/]+/index\\.ts$`, '\\.test-support\\.ts$'] },
};

/** Optional peers, imported when they are used; the root has them for tests. */
const optional = '^node_modules/(mammoth|mysql2|pg|playwright-core|unpdf|xz-decompress)/';

module.exports = {
  forbidden: [
    ...roomRules,
    doorRule,
    { name: 'unknown-room', comment: 'every room stands in the table', severity: 'error', from: { path: `^${source}/`, pathNot: `^${source}/(${rooms.join('|')})/` }, to: {} },
    { name: 'engine-stands-alone', severity: 'error', from: { path: '^packages/engine/' }, to: { path: '^packages/(octavo|create-octavo)/' } },
    { name: 'engine-has-no-dependency', severity: 'error', from: { path: '^packages/engine/src/', pathNot: '\\.test(-support)?\\.ts$|/testing/' }, to: { dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'npm-unknown', 'unknown'] } },
    { name: 'product-without-development-packages', severity: 'error', from: { path: `^${source}/`, pathNot: '\\.test(-support)?\\.ts$' }, to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'unknown'], pathNot: optional } },
    { name: 'product-without-tests', severity: 'error', from: { path: '^packages/', pathNot: '\\.test(-support)?\\.ts$' }, to: { path: '\\.test(-support)?\\.ts$' } },
    // Ops name each other in their gradient rules, which run long after every file has loaded.
    { name: 'no-circles', severity: 'error', from: { pathNot: '^packages/engine/src/ops/' }, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
    { name: 'nothing-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: ['node_modules', 'packages/[^/]+/dist'] },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'default'] },
  },
};
