/** The import rules of docs/architecture.md: what a room may import at run time, and what only as a type. */
const room = (name) => `^src/${name}/`;
const others = (...allowed) =>
  [
    'shared',
    'time-zones',
    'platform',
    'storage',
    'tasks',
    'scheduling',
    'activities',
    'exports',
    'backups',
    'workflows',
    'api',
    'worker',
    'reddit-sandbox',
    'mail-sink',
    'stack',
  ]
    .filter((r) => !allowed.includes(r))
    .map(room);

/**
 * A room may import at run time from `runtime` and, as types, from `types` too. `shared` (constants and pure functions)
 * is open to every room.
 */
function roomRules(name, { runtime: ownRuntime = [], types = [], entries = [], entryRuntime = [] }) {
  const runtime = ['shared', ...ownRuntime];
  const from = entries.length
    ? { path: room(name), pathNot: entries.map((e) => `^src/${name}/${e}$`) }
    : { path: room(name) };
  const rules = [
    {
      name: `${name}-run-time`,
      severity: 'error',
      from,
      to: { path: others(name, ...runtime), dependencyTypesNot: ['type-only', 'type-import'] },
    },
    { name: `${name}-types`, severity: 'error', from, to: { path: others(name, ...runtime, ...types) } },
  ];
  if (entries.length) {
    rules.push({
      name: `${name}-entry`,
      severity: 'error',
      from: { path: entries.map((e) => `^src/${name}/${e}$`) },
      to: { path: others(name, ...runtime, ...types, ...entryRuntime) },
    });
  }
  return rules;
}
const tests = '\\.test\\.ts$';

module.exports = {
  forbidden: [
    ...roomRules('shared', {}),
    ...roomRules('time-zones', {}),
    ...roomRules('platform', {}),
    ...roomRules('storage', { types: ['platform', 'tasks'] }),
    ...roomRules('tasks', { types: ['platform'] }),
    ...roomRules('scheduling', { runtime: ['time-zones'], types: ['platform', 'storage', 'workflows'] }),
    ...roomRules('activities', { runtime: ['tasks'], types: ['storage', 'platform', 'scheduling'] }),
    ...roomRules('exports', {
      runtime: ['tasks'],
      types: ['storage', 'platform'],
      entries: ['process/export-process\\.ts'],
      entryRuntime: ['storage', 'platform'],
    }),
    ...roomRules('backups', { types: ['tasks', 'storage', 'platform'] }),
    ...roomRules('workflows', { types: ['activities'] }),
    ...roomRules('api', {
      runtime: ['tasks', 'scheduling', 'time-zones'],
      types: ['storage', 'platform', 'workflows'],
      entries: ['server\\.ts'],
      entryRuntime: ['storage', 'platform'],
    }),
    ...roomRules('worker', {
      runtime: ['activities', 'tasks'],
      types: ['platform'],
      entries: ['main\\.ts', 'create-activity-deps\\.ts'],
      entryRuntime: ['storage', 'platform', 'scheduling', 'exports', 'backups'],
    }),
    ...roomRules('reddit-sandbox', { runtime: ['platform'] }),
    ...roomRules('mail-sink', {}),
    ...roomRules('stack', { runtime: ['platform', 'backups', 'reddit-sandbox', 'mail-sink', 'time-zones'] }),
    {
      name: 'tasks-npm-zod-only',
      severity: 'error',
      from: { path: room('tasks') },
      to: { path: '^node_modules/', pathNot: '^node_modules/zod/', dependencyTypesNot: ['type-only', 'type-import'] },
    },
    {
      name: 'shared-stands-alone',
      severity: 'error',
      from: { path: room('shared') },
      to: { pathNot: room('shared') },
    },
    {
      name: 'workflows-npm-temporal-only',
      severity: 'error',
      from: { path: room('workflows') },
      to: {
        path: '^node_modules/',
        pathNot: '^node_modules/@temporalio/(workflow|common)/',
        dependencyTypesNot: ['type-only', 'type-import'],
      },
    },
    {
      name: 'snoowrap-in-one-place',
      severity: 'error',
      from: { pathNot: '^src/platform/reddit/' },
      to: { path: '^node_modules/snoowrap/' },
    },
    {
      name: 'time-zone-data-in-one-place',
      severity: 'error',
      from: { pathNot: '^src/time-zones/' },
      to: { path: '^node_modules/moment(-timezone)?/' },
    },
    { name: 'migrations-stand-alone', severity: 'error', from: { path: '^migrations/' }, to: { path: '^src/' } },
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    { name: 'not-to-test', severity: 'error', from: { path: '^src/', pathNot: tests }, to: { path: '^(test|bench)/' } },
    { name: 'no-orphans', severity: 'error', from: { orphan: true, path: '^src/', pathNot: tests }, to: {} },
  ].map((rule) =>
    rule.from.path && !rule.from.orphan && rule.name !== 'not-to-test'
      ? { ...rule, from: { ...rule.from, pathNot: [].concat(rule.from.pathNot ?? [], tests) } }
      : rule,
  ),
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
