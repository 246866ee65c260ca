/** What both projects share: TypeScript and the few ES modules among the dependencies are compiled by swc. */
const common = {
  testEnvironment: 'node',
  // It exports nothing for require.
  moduleNameMapper: { '^eld/extrasmall$': '<rootDir>/node_modules/eld/src/entries/static.extrasmall.js' },
  transform: {
    // ES modules, which jest cannot require as they are: light-my-request's cookie parser, Parquet's writer and reader,
    // the detector of languages.
    '(\\.ts|/node_modules/(cookie|eld|hyparquet|hyparquet-writer)/.+\\.js)$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript', decorators: false }, target: 'es2022', keepClassNames: true },
        // import() becomes a require too: jest's own needs a flag of Node.
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  transformIgnorePatterns: ['/node_modules/(?!(cookie|eld|hyparquet|hyparquet-writer)/)'],
};

module.exports = {
  // .ci/run asks for it; the figures are those of the unit tests, over all of src.
  collectCoverage: process.env.COVERAGE === '1',
  collectCoverageFrom: ['src/**/*.ts', '!**/*.test.ts'],
  coverageReporters: ['json-summary', 'lcovonly'],
  reporters: ['default', '<rootDir>/test/support/skipped-tests-reporter.cjs'],
  // On two cores: most tests wait more than they compute.
  maxWorkers: 3,
  testTimeout: 60_000,
  projects: [
    {
      ...common,
      displayName: 'unit',
      roots: ['<rootDir>/src', '<rootDir>/test'],
      // Beside the source, and those of scripts and of files that come with the code. They start no server.
      testMatch: ['<rootDir>/src/**/*.test.ts', '<rootDir>/test/*.test.ts'],
    },
    {
      ...common,
      displayName: 'integration',
      roots: ['<rootDir>/src', '<rootDir>/test'],
      testMatch: ['<rootDir>/test/*/**/*.test.ts'],
      // One PostgreSQL, one Temporal and, where it is installed, one Redis serve the whole run; each file clones its
      // own database.
      globalSetup: '<rootDir>/test/support/global-setup.ts',
      globalTeardown: '<rootDir>/test/support/global-teardown.ts',
      // Instrumented code is slower, and much of this code runs in other processes, which are not counted.
      coveragePathIgnorePatterns: ['/'],
    },
  ],
};
