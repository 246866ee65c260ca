/** The settings of `npm run mutation`, which names the files. */
export default {
  testRunner: 'jest',
  jest: { configFile: 'tools/mutation/jest.config.cjs', enableFindRelatedTests: true },
  // Each mutant is tried by the tests that reach it.
  coverageAnalysis: 'perTest',
  // A constant of a module is mutated before any test begins: each costs a run of all tests that import it.
  ignoreStatic: true,
  // Most texts are messages and log lines, which no test repeats.
  mutator: { excludedMutations: ['StringLiteral'] },
  concurrency: 2,
  timeoutMS: 20_000,
  ignorePatterns: ['dist', 'dist.new', 'coverage', '.taskloom', 'test-results', 'tools/mutation/node_modules'],
  tempDirName: 'test-results/mutation/sandboxes',
  cleanTempDir: 'always',
  reporters: ['clear-text', 'progress-append-only', 'html', 'json'],
  htmlReporter: { fileName: 'test-results/mutation/report.html' },
  jsonReporter: { fileName: 'test-results/mutation/report.json' },
  allowConsoleColors: false,
};
