import { createHash } from 'node:crypto';
import { existsSync, renameSync } from 'node:fs';
import path from 'node:path';
import { databaseUrl, databaseVariable } from '../../platform/config';
import { askPostgres } from '../../platform/startup/start-checks';
import { reasonOf, redactUrl } from '../../platform/startup/error-texts';
import { StartError, unreachable } from '../../platform/startup/start-error';
import { startEmbeddedPostgres } from './embedded-postgres';
import { ROOT_FOLDER, unprivilegedUser } from './postgres-binaries';
import { nothingToStop, type StackContext, type StackService, type StartService } from './stack-service';

export const startPostgres: StartService = async (context, report) => {
  const url = databaseUrl(context.config);
  if (!url) return startOwn(context, report);
  await checkConfigured(url, databaseVariable(context.config));
  return {
    name: 'PostgreSQL',
    isEmbedded: false,
    summary: `uses ${redactUrl(url)}`,
    env: { DATABASE_URL: url },
    stop: nothingToStop,
  };
};

async function startOwn(context: StackContext, report: (text: string) => void): Promise<StackService> {
  const { state, signal } = context;
  const folder = clusterFolder(context);
  report(existsSync(path.join(folder, 'data')) ? 'starting' : 'making a new database cluster');
  const server = await startEmbeddedPostgres({
    folder,
    logFile: path.join(context.logFolder, 'postgres.log'),
    password: state.values.postgresPassword,
    port: state.values.ports.postgres,
    signal,
  });
  state.values.ports.postgres = server.port;
  state.save();
  const note = server.replacedLeftover ? ' (the one that an earlier start left running was stopped)' : '';
  const summary = `embedded, port ${server.port}${note}`;
  return {
    name: 'PostgreSQL',
    isEmbedded: true,
    summary,
    env: { DATABASE_URL: server.url },
    exited: server.exited,
    stop: server.stop,
  };
}

function clusterFolder({ home, state }: StackContext): string {
  if (!unprivilegedUser()) return path.join(home, 'postgres');
  if (!state.values.postgresFolder) {
    const folder = path.join(ROOT_FOLDER, createHash('sha256').update(home).digest('hex').slice(0, 16));
    // The state folder and its password were deleted: the stack begins with a new cluster and keeps the old one.
    if (existsSync(folder)) renameSync(folder, `${folder}.before-${new Date().toISOString().replaceAll(':', '')}`);
    state.values.postgresFolder = folder;
    state.save();
  }
  return state.values.postgresFolder;
}

async function checkConfigured(url: string, variable: string): Promise<void> {
  try {
    await askPostgres(url);
  } catch (error) {
    if ((error as { code?: string }).code !== '3D000') throw unreachable(variable, 'PostgreSQL', url, error);
    await createDatabase(url, variable);
  }
}

/** Creates the configured database where it is missing and the user may create it. */
async function createDatabase(url: string, variable: string): Promise<void> {
  const maintenance = new URL(url);
  const name = decodeURIComponent(maintenance.pathname.slice(1));
  maintenance.pathname = '/postgres';
  try {
    await askPostgres(maintenance.toString(), (client) => `create database ${client.escapeIdentifier(name)}`);
  } catch (error) {
    throw new StartError(
      `${variable}: PostgreSQL at ${redactUrl(url)} has no database "${name}", ` +
        `and it cannot be created: ${reasonOf(error)}`,
      { cause: error },
    );
  }
}
