import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { ENV_ALIASES, ENV_VARIABLES, readConfig } from '../src/platform/config';

const project = path.resolve(__dirname, '..');
const read = (name: string) => readFileSync(path.join(project, name), 'utf8');
const sorted = (names: Iterable<string>) => [...new Set(names)].sort();

interface Service {
  image: string;
  build?: string;
  command?: string | string[];
  environment?: Record<string, string>;
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: object;
  restart?: string;
  networks?: string[];
  ports?: string[];
  volumes?: string[];
}
const composeText = read('docker-compose.yml');
const compose = parse(composeText, { merge: true }) as {
  services: Record<string, Service>;
  networks: object;
  volumes: object;
};
const services = Object.entries(compose.services);
const ours = services.filter(([, service]) => service.build);

/** `$VAR`, `${VAR}`, `${VAR:-default}`, `${VAR:?message}`. A doubled dollar is for the shell in the container. */
const interpolations = [...composeText.replaceAll('$$', '').matchAll(/\$\{?([A-Z][A-Z0-9_]*)(?::([-?])([^}]*))?/g)].map(
  ([, name = '', kind, rest]) => ({ name, kind, rest }),
);

const docs = read('docs/configuration.md') + read('docs/production.md');
const tableVariables = (title: string) => {
  const [, table = ''] = new RegExp(`<!-- ${title}: begin[^\n]*\n([^]*?)<!-- ${title}: end -->`).exec(docs) ?? [];
  return [...table.matchAll(/^\| `([A-Z0-9_]+)` \| ([^|]*) \|/gm)].map(([, name = '', defaultValue = '']) => ({
    name,
    defaultValue: defaultValue.trim().replaceAll('`', ''),
  }));
};
const documented = tableVariables('variables');
const composeOnly = tableVariables('compose variables').map(({ name }) => name);

/** The variables that Temporal's SDK reads, from its source, without those that our connection options do not use. */
const envconfigSource = readFileSync(
  path.join(path.dirname(require.resolve('@temporalio/envconfig')), 'envconfig-toml.js'),
  'utf8',
);
const ofTemporal = sorted([...envconfigSource.matchAll(/'(TEMPORAL_[A-Z_]+)'/g)].map(([, name = '']) => name)).filter(
  (name) => !/_CODEC_|_DISABLE_HOST_VERIFICATION$|_GRPC_META_$/.test(name),
);

describe('docker-compose.yml', () => {
  it('follows the Compose Specification and the rules of its linter', () => {
    // Runs as a process, because its types declare an ES module. The rules are in .dclintrc.
    const linter = path.join(project, 'node_modules/dclint/bin/dclint.cjs');
    const { stdout, stderr } = spawnSync(process.execPath, [linter, '--formatter', 'json', 'docker-compose.yml'], {
      cwd: project,
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    const results = JSON.parse(stdout) as {
      filePath: string;
      messages: { rule: string; line: number; message: string }[];
    }[];
    expect(results.map(({ filePath }) => path.basename(filePath))).toEqual(['docker-compose.yml']);
    expect(
      results.flatMap(({ messages }) => messages.map(({ rule, line, message }) => `${line} ${rule}: ${message}`)),
    ).toEqual([]);
  });

  it('depends only on services that exist, on conditions that can be met', () => {
    for (const [name, { depends_on = {} }] of services) {
      for (const [needed, { condition }] of Object.entries(depends_on)) {
        const target = compose.services[needed];
        expect(`${name} needs ${needed}: ${target ? 'found' : 'missing'}`).toBe(`${name} needs ${needed}: found`);
        if (condition === 'service_healthy') expect(target).toHaveProperty('healthcheck');
        // A service that always restarts never completes.
        if (condition === 'service_completed_successfully') expect(target?.restart).toMatch(/^on-failure/);
      }
    }
  });

  it('migrates before API and worker, and runs all programs from one image', () => {
    expect(ours.map(([name]) => name).sort()).toEqual(['api', 'migrate', 'worker', 'zone-rules']);
    expect(new Set(ours.map(([, service]) => service.image)).size).toBe(1);
    for (const name of ['api', 'worker'])
      expect(compose.services[name]?.depends_on).toHaveProperty('migrate', {
        condition: 'service_completed_successfully',
      });
    for (const [, { command }] of ours) {
      const program = [command ?? 'dist/src/api/server.js'].flat().find((part) => part.startsWith('dist/'));
      const [, entry] = /^dist\/(src\/.*)\.js$/.exec(program ?? '') ?? [];
      expect(existsSync(path.join(project, `${entry}.ts`))).toBe(true);
    }
  });

  it('can run several workers: nothing is bound to a single one', () => {
    expect(compose.services.worker).not.toHaveProperty('container_name');
    expect(compose.services.worker).not.toHaveProperty('ports');
    // All workers share a named volume.
    expect(compose.services.worker?.volumes).toEqual([
      'exports:/var/lib/taskloom/exports',
      'backups:/var/lib/taskloom/backups',
    ]);
    // The API does not read backups.
    expect(compose.services.api?.volumes).toEqual(['exports:/var/lib/taskloom/exports']);
    expect(compose.services.worker?.environment).toMatchObject({ BACKUP_FOLDER: '/var/lib/taskloom/backups' });
    for (const name of ['api', 'worker'])
      expect(compose.services[name]?.environment).toMatchObject({ EXPORT_FOLDER: '/var/lib/taskloom/exports' });
  });

  it('gives Temporal the time zones that Taskloom writes, before it starts', () => {
    const { 'zone-rules': writer, temporal, api } = compose.services;
    const file = writer?.command?.at(-1);
    expect(file).toMatch(/\.zip$/);
    expect(temporal?.environment).toMatchObject({ ZONEINFO: file });
    const folder = path.posix.dirname(file ?? '');
    expect(writer?.volumes).toEqual([`zoneinfo:${folder}`]);
    expect(temporal?.volumes).toContain(`zoneinfo:${folder}:ro`);
    expect(temporal?.depends_on).toHaveProperty('zone-rules', { condition: 'service_completed_successfully' });
    expect(api?.environment).toMatchObject({ TEMPORAL_HAS_OUR_ZONES: 'true' });
    // A new volume takes over the owner of the image's folder.
    expect(read('Dockerfile')).toContain(folder);
  });

  it('names existing networks, volumes and files', () => {
    for (const [, { networks = [], volumes = [] }] of services) {
      for (const network of networks) expect(Object.keys(compose.networks)).toContain(network);
      for (const source of volumes.map((volume) => volume.split(':')[0] ?? '')) {
        if (source.startsWith('.')) expect(existsSync(path.join(project, source))).toBe(true);
        else expect(Object.keys(compose.volumes)).toContain(source);
      }
    }
  });

  it('publishes only API, Temporal UI and mail page, and by default only on this host', () => {
    const published = services.flatMap(([name, { ports = [] }]) => ports.map((port) => `${name} ${port}`));
    expect(published).toEqual([
      'temporal-ui 127.0.0.1:${TEMPORAL_UI_PORT:-8080}:8080',
      'api ${HOST:-127.0.0.1}:${PORT:-8000}:8000',
      'mail 127.0.0.1:${MAIL_UI_PORT:-8025}:8025',
    ]);
  });

  it('has no default for a secret', () => {
    const secrets = interpolations.filter(
      ({ name }) => /PASSWORD|SECRET/.test(name) && !/^(REDDIT|SMTP|S3)_/.test(name),
    );
    expect(sorted(secrets.map(({ name }) => name))).toEqual([
      'JWT_SECRET_KEY',
      'POSTGRES_PASSWORD',
      'POSTGRES_SUPERUSER_PASSWORD',
      'REDIS_PASSWORD',
      'TEMPORAL_POSTGRES_PASSWORD',
    ]);
    for (const { name, kind } of secrets) expect(`${name} ${kind}`).toBe(`${name} ?`);
    for (const { name, rest } of interpolations.filter(
      ({ name }) => /PASSWORD|SECRET/.test(name) && /^(REDDIT|SMTP|S3)_/.test(name),
    ))
      expect(`${name} ${rest}`).toBe(`${name} `);
  });

  it('sets only variables that its programs read, to values that they accept', () => {
    for (const [, { environment = {} }] of ours) {
      expect(
        Object.keys(environment).filter(
          (name) => !(ENV_VARIABLES as string[]).includes(name) && !ofTemporal.includes(name),
        ),
      ).toEqual([]);
      const substituted = Object.fromEntries(
        Object.entries(environment).map(([name, value]) => [
          name,
          value.replace(/\$\{\w+:-([^}]*)\}/, '$1').replace(/\$\{\w+:\?[^}]*\}/, '0123456789abcdef0123456789abcdef'),
        ]),
      );
      expect(() => readConfig(substituted)).not.toThrow();
    }
  });

  it('passes on every variable of its programs, except those that it sets itself', () => {
    const setByCompose = [
      'ENVIRONMENT',
      'TASKLOOM_HOME',
      'DATABASE_URL',
      'POSTGRES_HOST',
      'POSTGRES_PORT',
      'POSTGRES_USER',
      'POSTGRES_DB',
      'REDIS_URL',
      'TEMPORAL_ADDRESS',
      'TEMPORAL_HAS_OUR_ZONES',
      'EXPORT_FOLDER',
      'BACKUP_FOLDER',
    ];
    const ofTheStackAlone = [
      'ADMIN_USERNAME',
      'ADMIN_EMAIL',
      'ADMIN_PASSWORD',
      'REDDIT_OAUTH_BASE_URL',
      'REDDIT_WWW_BASE_URL',
      'REDDIT_SANDBOX_RECORDINGS',
      'REDDIT_IS_SANDBOX',
    ];
    const used = interpolations.map(({ name }) => name);
    expect(sorted(used.filter((name) => !composeOnly.includes(name)))).toEqual(
      sorted(ENV_VARIABLES.filter((name) => ![...setByCompose, ...ofTheStackAlone].includes(name))),
    );
    expect(sorted(composeOnly)).toEqual(sorted(used.filter((name) => !(ENV_VARIABLES as string[]).includes(name))));
  });
});

it('.env.example names every required variable, and none that is not read', () => {
  const named = [...read('.env.example').matchAll(/^(# )?([A-Z_]+)=/gm)].map(([, comment, name = '']) => ({
    name,
    isSet: !comment,
  }));
  const used = interpolations.map(({ name }) => name);
  expect(named.filter(({ name }) => !used.includes(name))).toEqual([]);
  const required = sorted(interpolations.filter(({ kind }) => kind === '?').map(({ name }) => name));
  expect(sorted(named.filter(({ isSet }) => isSet).map(({ name }) => name))).toEqual(expect.arrayContaining(required));
});

describe('the table of variables', () => {
  it('has exactly the variables that are read', () => {
    expect(sorted(documented.map(({ name }) => name))).toEqual(sorted([...ENV_VARIABLES, ...ofTemporal]));
    for (const alias of Object.keys(ENV_ALIASES)) expect(docs).toContain(`\`${alias}\``);
  });

  it('shows the actual defaults', () => {
    const defaults = Object.entries(readConfig({})).filter(
      ([, value]) => ['string', 'number', 'boolean'].includes(typeof value) && value !== '',
    );
    expect(defaults.length).toBeGreaterThan(15);
    for (const [name, value] of defaults)
      expect(`${name} ${documented.find((row) => row.name === name)?.defaultValue}`).toBe(`${name} ${value as string}`);
  });
});
