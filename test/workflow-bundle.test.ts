import { bundleWorkflowCode } from '@temporalio/worker';
import { taskTypes } from '../src/tasks/registry';
import * as workflows from '../src/workflows';

test('every workflow that a task type names exists', () => {
  const named = taskTypes.flatMap((taskType) => taskType.workflow ?? []);
  expect(named).toContain('scrapeReddit');
  expect(named.filter((name) => !(name in workflows))).toEqual([]);
});

/** The bundler accepts a value import of a task type, which would add zod to the bundle. */
test('the workflow bundle contains only our workflows, files of src/shared and Temporal', async () => {
  const { code } = await bundleWorkflowCode({ workflowsPath: require.resolve('../src/workflows') });
  const map = /\/\/# sourceMappingURL=data:application\/json;charset=utf-8;base64,(\S+)\s*$/.exec(code)?.[1] ?? '';
  const { sources } = JSON.parse(Buffer.from(map, 'base64').toString()) as { sources: string[] };
  const files = sources.map((source) => source.replace(/\?.*$/, '').replace(/^webpack:\/\/[^/]*\//, ''));
  const ours = files
    .filter((file) => !file.includes('node_modules') && /(^|\/)src\//.test(file))
    .map((file) => file.replace(/^.*(?=src\/)/, ''));
  const packages = new Set(files.flatMap((file) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []));
  expect(ours.filter((file) => !/^src\/(workflows|shared)\//.test(file))).toEqual([]);
  expect(ours).toEqual(expect.arrayContaining(['src/workflows/run-task.ts', 'src/workflows/run-batch.ts']));
  const foreign = [...packages].filter(
    (name) =>
      !name.startsWith('@temporalio/') &&
      ![
        'long',
        'ms',
        'protobufjs',
        '@protobufjs',
        'nexus-rpc',
        'proto3-json-serializer',
        '@ungap/structured-clone',
      ].some((known) => name.startsWith(known)),
  );
  expect(foreign).toEqual([]);
});
