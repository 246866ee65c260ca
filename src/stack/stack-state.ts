import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** What a start has to know again at the next one. It holds secrets: the file is its owner's alone. */
export interface StackState {
  ports: {
    api?: number;
    postgres?: number;
    temporal?: number;
    temporalUi?: number;
    redis?: number;
    redditSandbox?: number;
    mailSmtp?: number;
    mailWeb?: number;
  };
  postgresPassword: string;
  redisPassword: string;
  jwtSecret: string;
  /** As root PostgreSQL lives outside the state folder, where an unprivileged user can reach it. */
  postgresFolder?: string;
  /** Of the first superuser; only until it has been shown, which a start that fails half-way does not get to. */
  unshownPassword?: string;
}

export interface StateFile {
  values: StackState;
  save(): void;
}

export function openState(home: string): StateFile {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const file = path.join(home, 'state.json');
  const values: StackState = {
    ports: {},
    postgresPassword: randomBytes(24).toString('base64url'),
    redisPassword: randomBytes(24).toString('base64url'),
    jwtSecret: randomBytes(48).toString('base64url'),
    ...(existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Partial<StackState>) : {}),
  };
  const save = () => {
    writeFileSync(`${file}.new`, `${JSON.stringify(values, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  };
  // At once: a start that is killed after initdb must find its password again.
  save();
  return { values, save };
}
