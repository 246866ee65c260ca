/** Jest's reporter of skipped tests: the last lines of a run say how many there were, where, and what is missing. */
module.exports = class SkippedTestsReporter {
  onRunComplete(_contexts, { testResults }) {
    const files = testResults.filter(({ numPendingTests }) => numPendingTests > 0);
    if (files.length === 0) return;
    const count = files.reduce((sum, { numPendingTests }) => sum + numPendingTests, 0);
    console.log(`Skipped ${count} ${count === 1 ? 'test' : 'tests'}${reason()}:`);
    for (const { testFilePath, testResults: tests } of files)
      for (const { status, fullName } of tests)
        if (status === 'pending') console.log(`  ${testFilePath.split('/').at(-1)}: ${fullName}`);
  }
};

/** global-setup.ts has published what it started. */
function reason() {
  const { redisUrl } = JSON.parse(process.env.TASKLOOM_TEST_SERVICES ?? '{"redisUrl":"unknown"}');
  return redisUrl ? '' : ' (those of Redis need redis-server or valkey-server on PATH)';
}
