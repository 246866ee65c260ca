import createClient, { type Client } from 'openapi-fetch';
import type { components, paths } from './schema';

export type { components, paths } from './schema';
/** The named bodies: `Schemas['TaskConfig']`. */
export type Schemas = components['schemas'];

export interface TaskloomOptions {
  /** Where the API is, without `/api/v1`. */
  baseUrl: string;
  /** Asked before each request; undefined sends none. */
  token?: () => string | undefined | Promise<string | undefined>;
  fetch?: (request: Request) => Promise<Response>;
}

export type TaskloomClient = Client<paths>;

/** Paths, parameters, bodies and answers are typed; each call answers `{ data, error, response }` and throws only when there is no answer. */
export function createTaskloomClient({ baseUrl, token, fetch }: TaskloomOptions): TaskloomClient {
  const client = createClient<paths>({ baseUrl, fetch });
  client.use({
    async onRequest({ request }) {
      const bearer = await token?.();
      if (bearer !== undefined && !request.headers.has('authorization'))
        request.headers.set('authorization', `Bearer ${bearer}`);
      return request;
    },
  });
  return client;
}
