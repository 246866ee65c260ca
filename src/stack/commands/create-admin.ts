import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { readConfig } from '../../platform/config';
import { createDatabase } from '../../platform/postgres/postgres';
import { checkPostgres, requireDatabaseUrl } from '../../platform/startup/start-checks';
import { reasonOf } from '../../platform/startup/error-texts';
import { showFailedStart, StartError } from '../../platform/startup/start-error';
import { createSuperuser } from '../first-superuser';

const USAGE =
  'npm run create-admin -- --username NAME --email ADDRESS   (the password from ADMIN_PASSWORD or standard input)';
const user = z.object({
  username: z.string().regex(/^[A-Za-z0-9_-]{3,50}$/, 'must be 3 to 50 of A-Z a-z 0-9 _ -'),
  email: z.email(),
  password: z.string().min(8, 'must have at least 8 characters'),
});

async function main(): Promise<void> {
  const values = readArguments();
  const config = readConfig();
  const url = requireDatabaseUrl(config, '`npm start` makes the superuser of its own PostgreSQL itself');
  const username = values.username ?? config.ADMIN_USERNAME;
  const email = values.email ?? config.ADMIN_EMAIL;
  if (!username || !email) throw new StartError(USAGE);
  await checkPostgres(config, url);
  const parsed = user.safeParse({ username, email, password: config.ADMIN_PASSWORD ?? (await askPassword()) });
  if (!parsed.success)
    throw new StartError(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('\n'));
  const database = createDatabase({ url, poolSize: 1, applicationName: 'taskloom-create-admin' });
  await createSuperuser(database, parsed.data).finally(() => database.destroy());
  console.log(`Created the superuser ${username}.`);
}

function readArguments(): { username?: string; email?: string } {
  try {
    return parseArgs({ options: { username: { type: 'string' }, email: { type: 'string' } } }).values;
  } catch (error) {
    throw new StartError(`${reasonOf(error)}\n${USAGE}`, { cause: error });
  }
}

/**
 * Reads the password from standard input, hidden on a terminal. It is no argument, because every user can read those.
 */
async function askPassword(): Promise<string> {
  const isTerminal = process.stdin.isTTY === true;
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: isTerminal });
  if (isTerminal) process.stderr.write('Password: ');
  const first = await lines[Symbol.asyncIterator]().next();
  lines.close();
  return first.done ? '' : first.value;
}

main().catch((error: unknown) => {
  showFailedStart(error);
  process.exitCode = 1;
});
