// summary.mjs CODE RESULT…: what failed in jest's JSON results, and "N passed, N failed" as the last line.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** Lines of a failure that are shown: the message and the first frames. */
const MESSAGE_LINES = 30;
const [code, ...files] = process.argv.slice(2);

const readJson = (file) => {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
};

const shorten = (message) =>
  stripVTControlCharacters(message)
    .split('\n')
    .slice(0, MESSAGE_LINES)
    .map((line) => `    ${line.slice(0, 300)}`)
    .join('\n');

/** A file that does not load, or whose hooks fail, fails without a failing test. */
const failsByItself = ({ assertionResults }) => assertionResults.every(({ status }) => status !== 'failed');

function printFailures(result) {
  const file = path.relative(process.cwd(), result.name);
  if (failsByItself(result)) console.log(`FAILED ${file}\n${shorten(result.message)}`);
  for (const { status, fullName, failureMessages } of result.assertionResults)
    if (status === 'failed') console.log(`FAILED ${file}: ${fullName}\n${failureMessages.map(shorten).join('\n')}`);
}

let passed = 0;
let failed = 0;
for (const tests of files.map(readJson)) {
  if (!tests) {
    // A run that did not get as far as its tests.
    failed += Number(code !== '0');
    continue;
  }
  const failing = tests.testResults.filter(({ status }) => status === 'failed');
  failing.forEach(printFailures);
  passed += tests.numPassedTests;
  failed += tests.numFailedTests + failing.filter(failsByItself).length;
}
const coverage = readJson('coverage/coverage-summary.json');
if (coverage) {
  const { statements, branches } = coverage.total;
  console.log(`Coverage of src by the unit tests: ${statements.pct} % of statements, ${branches.pct} % of branches`);
}
console.log(`${passed} passed, ${failed} failed`);
