import { Client, types } from 'pg';

// int8 counts and numeric(…,3) durations are read as JavaScript numbers; they are far below 2^53.
types.setTypeParser(types.builtins.INT8, Number);
types.setTypeParser(types.builtins.NUMERIC, Number);

/**
 * Moves an IPv6 address into the query without its brackets, because pg would look up the bracketed address as a name.
 */
export function connectionString(url: string): string {
  const parsed = new URL(url);
  if (!parsed.hostname.startsWith('[')) return url;
  parsed.searchParams.set('host', parsed.hostname.slice(1, -1));
  return parsed.toString();
}

/** A connection outside the pool, for long streams that may be cut off in the middle. */
export async function connectClient(options: { url: string; applicationName: string }): Promise<Client> {
  const client = new Client({
    connectionString: connectionString(options.url),
    application_name: options.applicationName,
    connectionTimeoutMillis: 10_000,
  });
  // A lost connection fails the query in progress. Without a listener the event would end the process.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
