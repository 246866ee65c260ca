import autocannon from 'autocannon';
import { figuresOf, type Figures } from './figures';

export interface Load {
  /** Each connection sends them in turn. */
  requests: autocannon.Request[];
  connections: number;
  seconds: number;
  token?: string;
}

/** Sends requests one after the other on each connection. Throws when an answer is not a 2xx. */
export async function loadWith(origin: string, { requests, connections, seconds, token }: Load): Promise<Figures> {
  const latencies: number[] = [];
  const headers = {
    'content-type': 'application/json',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  const startedAt = performance.now();
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const instance = autocannon({ url: origin, connections, duration: seconds, requests, headers }, (error, answer) =>
      error ? reject(error as Error) : resolve(answer),
    );
    // autocannon's own figures are whole milliseconds.
    instance.on('response', (_client, _status, _bytes, ms) => void latencies.push(ms));
  });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${requests[0]?.path}: ${result.non2xx} refused, ${result.errors} without an answer`);
  return figuresOf(latencies, performance.now() - startedAt);
}
