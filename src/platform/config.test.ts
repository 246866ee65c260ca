import { databaseUrl, ENV_ALIASES, ENV_VARIABLES, foreignVariables, readConfig } from './config';

const bad = (env: NodeJS.ProcessEnv): string => {
  try {
    readConfig(env);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
};

test.each([
  ['DATABASE_URL', 'postgres://taskloom:SEC/RETpw@127.0.0.1:1/x'],
  ['DATABASE_URL', 'postgres://taskloom:123/RETpw@127.0.0.1:1/x'],
  ['DATABASE_URL', 'postgres://taskloom:12?RETpw@127.0.0.1:1/x'],
  ['REDIS_URL', 'redis://:12#RETpw@127.0.0.1:1'],
  ['REDIS_URL', 'postgres://taskloom:SEC/RETpw@127.0.0.1:1/x'],
  ['REDIS_URL', 'http://127.0.0.1:6379'],
  ['REDDIT_OAUTH_BASE_URL', 'http://me:RETpw@127.0.0.1:1'],
  ['POSTGRES_HOST', 'bad host'],
  ['POSTGRES_HOST', 'host:5433'],
  ['POSTGRES_HOST', 'user:RETpw@host'],
])('%s=%s is refused by name, and not printed', (name, value) => {
  const message = bad({ [name]: value });
  expect(message).toContain(`  ${name}: `);
  expect(message).not.toContain(value);
  expect(message).not.toContain('RETpw');
});

test.each([
  'javascript:alert(1)//',
  'ftp://app.example',
  '//app.example',
  'app.example',
  'https://app.example@evil.example',
  'https://app.example/?next=',
  'https://',
])('FRONTEND_URL=%s is refused: links in mails lead nowhere else', (url) => {
  expect(bad({ FRONTEND_URL: url })).toContain('  FRONTEND_URL: ');
});

test.each([
  'app.example',
  '//app.example',
  'https://',
  'https://app.example/path',
  'https://app.example/?a',
  'https://app.example#a',
  'https://me:RETpw@app.example',
  'ftp://app.example',
  'null',
  'https://*.example',
  'https://a b',
  '*',
])('%s is no origin that browsers send', (text) => {
  const message = bad({ BACKEND_CORS_ORIGINS: `https://good.example,${text}`, PORT: 'x' });
  expect(message).toContain('  BACKEND_CORS_ORIGINS: entry 2 ');
  // With the others, all at once.
  expect(message).toContain('  PORT: ');
  expect(message).not.toContain('RETpw');
});

test('origins are taken as browsers write them', () => {
  const read = (text: string) => readConfig({ BACKEND_CORS_ORIGINS: text }).BACKEND_CORS_ORIGINS;
  expect(read('https://b.example/, HTTPS://App.Example:443 ,http://[::1]:3000,http://localhost:3000')).toEqual([
    'https://b.example',
    'https://app.example',
    'http://[::1]:3000',
    'http://localhost:3000',
  ]);
  expect(read('["https://b.example/"]')).toEqual(['https://b.example']);
  expect(read('')).toEqual([]);
});

test.each([
  'postgres://taskloom:SEC@RETpw@127.0.0.1:1/x',
  'postgres://me@[::1]:5432/x?sslmode=require',
  'postgresql:///x?host=/var/run/postgresql',
])('%s is taken', (url) => {
  expect(databaseUrl(readConfig({ DATABASE_URL: url }))).toBe(url);
});

test('languages of subreddits are read in any case, and a wrong entry is refused with the languages there are', () => {
  const read = (text: string) => readConfig({ REDDIT_SUBREDDIT_LANGUAGES: text }).REDDIT_SUBREDDIT_LANGUAGES;
  expect(read('de=german, r/France = french')).toEqual(
    new Map([
      ['de', 'german'],
      ['france', 'french'],
    ]),
  );
  expect(read('')).toEqual(new Map());
  for (const text of ['de', 'de=de', 'de=klingon', '=german', 'a b=german'])
    expect(bad({ REDDIT_SUBREDDIT_LANGUAGES: text })).toMatch(/entry .* must be SUBREDDIT=LANGUAGE, with .*german/);
});

test('the parts of an address make a URL, also with a plain IPv6 address and a password of any letters', () => {
  expect(databaseUrl(readConfig({ POSTGRES_HOST: '::1', POSTGRES_PASSWORD: 'p/w@?#' }))).toBe(
    'postgres://postgres:p%2Fw%40%3F%23@[::1]:5432/taskloom',
  );
  expect(databaseUrl(readConfig({ POSTGRES_HOST: 'db.internal', POSTGRES_PORT: '1', POSTGRES_DB: 'x' }))).toBe(
    'postgres://postgres@db.internal:1/x',
  );
});

test.each(['S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'])('%s alone is refused: the two keys belong together', (name) => {
  const message = bad({ S3_BUCKET: 'exports', [name]: 'RETpw' });
  expect(message).toContain('S3_ACCESS_KEY_ID: and S3_SECRET_ACCESS_KEY belong together');
  expect(message).not.toContain('RETpw');
});

test.each([{}, { S3_ACCESS_KEY_ID: 'id', S3_SECRET_ACCESS_KEY: 'key' }])('both S3 keys or none are taken', (keys) => {
  expect(bad({ S3_BUCKET: 'exports', ...keys })).toBe('');
});

test('a process that gets its settings another way gets none of our variables', () => {
  const ours = Object.fromEntries(
    [...ENV_VARIABLES, ...Object.keys(ENV_ALIASES), 'TEMPORAL_API_KEY'].map((name) => [name, 'SECRET']),
  );
  const others = { PATH: '/bin', AWS_PROFILE: 'exports', PGSSLMODE: 'require', NODE_EXTRA_CA_CERTS: '/ca.pem' };
  expect(foreignVariables({ ...ours, ...others })).toEqual(others);
});

test.each([
  ['redis://127.0.0.1:6379', 'redis://127.0.0.1:6379'],
  ['postgresql://127.0.0.1/taskloom', 'postgresql://127.0.0.1/taskloom'],
  ['memory://', undefined],
])('REDIS_URL=%s is %s', (text, url) => {
  expect(readConfig({ REDIS_URL: text }).REDIS_URL).toBe(url);
});

test.each([
  ['1', 'is a number of proxies'],
  ['true', 'believes everybody or nobody'],
  ['*', 'believes everybody or nobody'],
  ['nginx', 'is a host name'],
  ['proxy.example.org', 'is a host name'],
  ['0.0.0.0/0', 'takes in so much'],
  ['::/0', 'takes in so much'],
  ['128.0.0.0/1', 'takes in so much'],
  ['10.0.0.0/33', 'has no length of 0 to 32'],
  ['10.0.0.0/255.0.0.0', 'has no length'],
  ['10.0.0', 'is neither an address nor a network'],
  ['10.0.0.1:80', 'is neither an address nor a network'],
  ['http://10.0.0.1', 'is neither an address nor a network'],
])('TRUSTED_PROXIES=%s is explained at the start', (entry, fault) => {
  const message = bad({ TRUSTED_PROXIES: `10.0.0.1,${entry}` });
  expect(message).toContain(`  TRUSTED_PROXIES: entry 2 ${fault}`);
  expect(message).toContain('such as 10.0.0.7 or 172.16.0.0/12');
});

test('TRUSTED_PROXIES takes addresses, networks and their names', () => {
  expect(readConfig({ TRUSTED_PROXIES: '10.0.0.7, 172.16.0.0/12,loopback,2001:db8::1' }).TRUSTED_PROXIES).toEqual([
    '10.0.0.7/32',
    '172.16.0.0/12',
    '127.0.0.0/8',
    '::1/128',
    '2001:db8::1/128',
  ]);
});
