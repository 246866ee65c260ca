// The unit tests, as a single project: the mutation tester cannot count coverage over several.
const path = require('node:path');
const { projects } = require('../../jest.config.js');
const unit = projects.find(({ displayName }) => displayName === 'unit');

// The tests of scripts and shipped files kill no mutant of src, and take longest.
module.exports = {
  ...unit,
  rootDir: path.resolve(__dirname, '../..'),
  roots: ['<rootDir>/src'],
  testMatch: ['<rootDir>/src/**/*.test.ts'],
};
