/** One PostgreSQL, one Redis and one Temporal serve the whole run (test/support/global-setup.ts); each file clones its own database. */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/src', '<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  transform: {
    // ES modules, which jest cannot require as they are: light-my-request's cookie parser, the Parquet writer and reader.
    '(\\.ts|/node_modules/(cookie|hyparquet|hyparquet-writer)/.+\\.js)$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript', decorators: false }, target: 'es2022', keepClassNames: true },
        // import() becomes a require too: jest's own needs a flag of Node.
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  transformIgnorePatterns: ['/node_modules/(?!(cookie|hyparquet|hyparquet-writer)/)'],
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
  maxWorkers: 2,
  testTimeout: 60_000,
};
