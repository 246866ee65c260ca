import { connect } from 'node:net';
import { Client } from 'pg';
import { databaseUrl, databaseVariable, type Config } from '../config';
import { connectionString } from '../postgres/postgres-client';
import { createKeyValueStore, isPostgresUrl } from '../key-value-store/create-key-value-store';
import { StartError, unreachable } from './start-error';
import { connectTemporal, temporalVariable, type TemporalTarget } from '../temporal';

export function requireDatabaseUrl(config: Config, withoutIt: string): string {
  const url = databaseUrl(config);
  if (!url) throw new StartError(`DATABASE_URL or POSTGRES_HOST is not set; ${withoutIt}`);
  return url;
}

/** Checks the servers that a process needs, so that it does not report ready without them. */
export async function checkServers(config: Config, url: string, target: TemporalTarget): Promise<void> {
  await Promise.all([
    checkPostgres(config, url),
    config.REDIS_URL && checkRedis(config.REDIS_URL),
    checkTemporal(target),
  ]);
}

export async function checkPostgres(config: Config, url: string): Promise<void> {
  await askPostgres(url).catch((error: unknown) =>
    Promise.reject(unreachable(databaseVariable(config), 'PostgreSQL', url, error)),
  );
}

/** One statement over a connection of its own. */
export async function askPostgres(
  url: string,
  statement: (client: Client) => string = () => 'select 1',
): Promise<void> {
  const client = new Client({ connectionString: connectionString(url), connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query(statement(client));
  } finally {
    await client.end().catch(() => undefined);
  }
}

export async function checkRedis(url: string): Promise<void> {
  const store = createKeyValueStore(url);
  try {
    await store.ping();
  } catch (error) {
    throw unreachable('REDIS_URL', isPostgresUrl(url) ? 'PostgreSQL' : 'Redis', url, error);
  } finally {
    await store.close();
  }
}

// grpc.status
const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;
const UNAUTHENTICATED = 16;

export async function checkTemporal(
  target: TemporalTarget,
  variable = temporalVariable() ?? 'TEMPORAL_ADDRESS',
): Promise<void> {
  try {
    const temporal = await connectTemporal(target);
    await temporal.connection.workflowService
      .describeNamespace({ namespace: target.namespace })
      .finally(() => temporal.close());
  } catch (error) {
    const code = grpcCode(error);
    if (code === NOT_FOUND)
      throw new StartError(
        `TEMPORAL_NAMESPACE: Temporal at ${target.address} (${variable}) has no namespace "${target.namespace}"`,
        { cause: error },
      );
    if (code === PERMISSION_DENIED || code === UNAUTHENTICATED)
      throw new StartError(
        `${variable}: Temporal at ${target.address} refuses us: check TEMPORAL_API_KEY or the TEMPORAL_TLS_ variables`,
        { cause: error },
      );
    throw unreachable(
      variable,
      'Temporal',
      target.address,
      (await whyNoConnection(target.address)) ?? withTlsHint(error, target),
    );
  }
}

/** gRPC retries until its deadline and then reports only the deadline. */
function whyNoConnection(address: string): Promise<Error | undefined> {
  if (!URL.canParse(`tcp://${address}`)) return Promise.resolve(new Error('it is no address of the form host:port'));
  const { hostname, port } = new URL(`tcp://${address}`);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port), timeout: 5_000 });
    const settle = (error?: Error) => {
      socket.destroy();
      resolve(error);
    };
    socket
      .once('connect', () => settle())
      .once('timeout', () => settle(new Error('timed out')))
      .once('error', settle);
  });
}

/** The port is open and yet the connection fails: in most cases only one side uses TLS. */
function withTlsHint(error: unknown, { connection }: TemporalTarget): Error {
  const hint = connection.tls
    ? 'we speak TLS (TEMPORAL_TLS, a TEMPORAL_TLS_ variable or TEMPORAL_API_KEY turns it on): ' +
      'perhaps that server does not, or its certificate is not the expected one'
    : 'we speak no TLS: if that server wants it, set TEMPORAL_TLS=true';
  const reason = error instanceof Error ? error.message : String(error);
  return new Error(`something listens there, but no connection comes about (${reason}); ${hint}`);
}

function grpcCode(error: unknown): number | undefined {
  for (let each: unknown = error; each instanceof Error; each = each.cause)
    if ('code' in each && typeof each.code === 'number') return each.code;
  return undefined;
}
