import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** State that the next start needs. It contains secrets, so the file is readable by its owner alone. */
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
  /** For root: PostgreSQL's data folder lies outside the state folder, where an unprivileged user can reach it. */
  postgresFolder?: string;
  /**
   * The generated password of the first superuser until it has been shown; a start that fails may not get to show it.
   */
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
  // Saved at once, because a start after one that was killed needs the password that initdb was given.
  save();
  return { values, save };
}
