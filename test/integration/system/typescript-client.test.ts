import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { createTaskloomClient, type Schemas } from '../../../clients/typescript/src';
import { PASSWORD, type TestStack, useTestApi } from '../../support/api-support';

const PROJECT = path.resolve(__dirname, '../../..');
const CLIENT = path.join(PROJECT, 'clients/typescript');
const run = promisify(execFile);

describe('the TypeScript client', () => {
  let { api } = {} as TestStack;
  useTestApi('file', (stack) => ({ api } = stack));
  let baseUrl: string;
  beforeAll(async () => {
    baseUrl = await api.app.listen({ host: '127.0.0.1', port: 0 });
  });

  test('signs in, and creates, changes, lists and deletes a config', async () => {
    const session: { token?: string } = {};
    const client = createTaskloomClient({ baseUrl, token: () => session.token });
    const refused = await client.GET('/api/v1/tasks/configs');
    expect([refused.response.status, refused.error?.detail, refused.data]).toEqual([
      401,
      expect.any(String),
      undefined,
    ]);

    const login = await client.POST('/api/v1/auth/login', { body: { username: 'root', password: PASSWORD } });
    session.token = login.data?.access_token;
    const created = await client.POST('/api/v1/tasks/configs', {
      body: { name: 'by the client', task_type: 'TEST_TIMEOUT', scheduler_type: 'manual' },
    });
    const config = created.data as Schemas['TaskConfig'];
    expect(config).toMatchObject({ name: 'by the client', schedule_status: 'inactive' });

    const at = { params: { path: { id: config.id } } };
    expect((await client.PATCH('/api/v1/tasks/configs/{id}', { ...at, body: { priority: 9 } })).data?.priority).toBe(9);
    const list = await client.GET('/api/v1/tasks/configs', {
      params: { query: { name_search: 'CLIENT', page_size: 5 } },
    });
    expect(list.data?.items.map((item) => item.id)).toEqual([config.id]);
    expect((await client.DELETE('/api/v1/tasks/configs/{id}', at)).data?.success).toBe(true);
    const gone = await client.GET('/api/v1/tasks/configs/{id}', at);
    expect([gone.response.status, gone.error]).toEqual([404, { detail: 'Task config not found' }]);
  });
});

describe('the types of the TypeScript client', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'taskloom-client-'));
    symlinkSync(path.join(PROJECT, 'node_modules'), path.join(folder, 'node_modules'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('compile, and reject paths, bodies and fields that the API does not have', async () => {
    const tsc = path.join(PROJECT, 'node_modules/typescript/bin/tsc');
    await run(process.execPath, [tsc, '-p', CLIENT, '--outDir', path.join(folder, 'dist')]);
    const byId = "'/api/v1/tasks/configs/{id}', { params: { path: { id: 1 } } }";
    writeFileSync(
      path.join(folder, 'use.ts'),
      `import { createTaskloomClient } from './dist';
       const client = createTaskloomClient({ baseUrl: 'http://127.0.0.1' });
       void client.GET(${byId}).then(({ data }) => data?.schedule_status === 'paused');
       void client.GET('/api/v1/no/such/path');
       void client.POST('/api/v1/auth/login', { body: { username: 'x' } });
       void client.GET(${byId}).then(({ data }) => data?.no_such_field);
      `,
    );
    const compilerOptions = {
      target: 'es2022',
      lib: ['es2023', 'dom'],
      module: 'node16',
      moduleResolution: 'node16',
      types: [],
      strict: true,
      skipLibCheck: true,
      esModuleInterop: true,
      preserveSymlinks: true,
      noEmit: true,
    };
    writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['use.ts'] }));
    const failure = (await run(process.execPath, [tsc, '-p', folder], { cwd: folder }).catch(
      (error: unknown) => error,
    )) as { stdout: string };
    const faulty = [...failure.stdout.matchAll(/use\.ts\((\d+),/g)].map(([, line]) => Number(line));
    expect([...new Set(faulty)]).toEqual([4, 5, 6]);
  });
});
