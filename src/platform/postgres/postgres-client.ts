import { Client, types } from 'pg';

// Numbers stay numbers in every answer: int8 counts and numeric(…,3) durations are far below 2^53.
types.setTypeParser(types.builtins.INT8, Number);
types.setTypeParser(types.builtins.NUMERIC, Number);

/** pg looks up a bracketed IPv6 address as if it were a name; told in the query it comes without brackets. */
export function connectionString(url: string): string {
  const parsed = new URL(url);
  if (!parsed.hostname.startsWith('[')) return url;
  parsed.searchParams.set('host', parsed.hostname.slice(1, -1));
  return parsed.toString();
}

/** A connection that belongs to nobody else, for what a pool's cannot do: long streams that are cut off half-way. */
export async function connectClient(options: { url: string; applicationName: string }): Promise<Client> {
  const client = new Client({
    connectionString: connectionString(options.url),
    application_name: options.applicationName,
    connectionTimeoutMillis: 10_000,
  });
  // Whoever uses it learns of it from his query; without a listener it would end the process.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
