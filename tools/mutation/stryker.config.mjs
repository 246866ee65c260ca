/** The settings of `npm run mutation`, which names the files. */
export default {
  testRunner: 'jest',
  jest: { configFile: 'tools/mutation/jest.config.cjs', enableFindRelatedTests: true },
  // Each mutant is tried by the tests that reach it.
  coverageAnalysis: 'perTest',
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
