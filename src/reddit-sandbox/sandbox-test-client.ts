import type { RedditSandbox, RedditSandboxOptions } from './sandbox-server';
import { createRedditSandbox } from './sandbox-server';

export const FROZEN_NOW = new Date('2026-03-01T12:00:00Z');

/** As much of Reddit's things as the tests look at; a stub has `children`, a comment `replies`. */
export interface ThingData {
  id: string;
  name: string;
  title: string;
  author: string;
  score: number;
  created_utc: number;
  num_comments: number;
  parent_id: string;
  depth: number;
  count: number;
  replies: '' | Listing;
  children: string[];
}
export interface Child {
  kind: string;
  data: ThingData;
}
export interface Listing {
  kind: string;
  data: { after: string | null; children: Child[] };
}
export interface SandboxAnswer {
  status: number;
  headers: Headers;
  /** Untyped, being another thing at each address; the test looks at it itself. */
  body: ReturnType<typeof JSON.parse>;
}
export type Ask = (path: string, init?: RequestInit) => Promise<SandboxAnswer>;

/** A sandbox on a free port with the clock stopped, and a client that holds a token. */
export async function startSandbox(options: RedditSandboxOptions = {}) {
  const sandbox: RedditSandbox = createRedditSandbox({ now: () => FROZEN_NOW, ...options });
  const { url } = await sandbox.listen();
  let token = '';

  const ask: Ask = async (path, init = {}) => {
    const response = await fetch(url + path, {
      ...init,
      headers: { authorization: `bearer ${token}`, ...init.headers },
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  };
  const login = async (form: Record<string, string> = { grant_type: 'client_credentials' }, client = 'id:secret') => {
    const answer = await ask('/api/v1/access_token', {
      method: 'POST',
      body: new URLSearchParams(form),
      headers: { authorization: `Basic ${Buffer.from(client).toString('base64')}` },
    });
    token = (answer.body as { access_token?: string }).access_token ?? token;
    return answer;
  };
  await login();
  return { sandbox, url, ask, login };
}

export interface SeenComment {
  id: string;
  parentId: string;
}

/** Follows every stub of a post to its end, as a scraper would. */
export async function expandThread(ask: Ask, postId: string, parameters: string) {
  const seen = new Map<string, SeenComment>();
  const pending: string[] = [];
  const threads: string[] = [];
  const kinds = { more: 0, continued: 0 };

  function take(things: Child[]): void {
    for (const { kind, data } of things) {
      if (kind === 't1') {
        seen.set(data.id, { id: data.id, parentId: data.parent_id });
        if (data.replies) take(data.replies.data.children);
      } else if (data.children.length) {
        kinds.more++;
        pending.push(...data.children);
      } else {
        kinds.continued++;
        threads.push(data.parent_id.slice(3));
      }
    }
  }

  const takePage = async (query: string) =>
    take(((await ask(`/comments/${postId}?${query}`)).body as [Listing, Listing])[1].data.children);
  await takePage(parameters);
  for (let requests = 0; pending.length || threads.length; requests++) {
    if (requests > 2_000) throw new Error('the thread never ends');
    const children = pending.splice(0, 100);
    if (children.length) {
      const form = new URLSearchParams({ api_type: 'json', link_id: `t3_${postId}`, children: children.join(',') });
      const { json } = (await ask('/api/morechildren?raw_json=1', { method: 'POST', body: form })).body as {
        json: { data: { things: Child[] } };
      };
      take(json.data.things);
    } else {
      await takePage(`comment=${threads.pop()}&${parameters}`);
    }
  }
  return { comments: [...seen.values()], kinds };
}
