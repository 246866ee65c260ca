import type { RedditSandbox, RedditSandboxOptions } from './sandbox-server';
import { createRedditSandbox } from './sandbox-server';

export const FROZEN_NOW = new Date('2026-03-01T12:00:00Z');

/** A parsed answer, looked at by the test itself. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Json = any;
export interface SandboxAnswer {
  status: number;
  headers: Headers;
  body: Json;
}

/** A sandbox on a free port with the clock stopped, and a client that holds a token. */
export async function startSandbox(options: RedditSandboxOptions = {}) {
  const sandbox: RedditSandbox = createRedditSandbox({ now: () => FROZEN_NOW, ...options });
  const { url } = await sandbox.listen();
  let token = '';

  async function ask(path: string, init: RequestInit = {}): Promise<SandboxAnswer> {
    const response = await fetch(url + path, { ...init, headers: { authorization: `bearer ${token}`, ...init.headers } });
    return { status: response.status, headers: response.headers, body: await response.json() };
  }
  const login = async (form: Record<string, string> = { grant_type: 'client_credentials' }, client = 'id:secret') => {
    const answer = await ask('/api/v1/access_token', { method: 'POST', body: new URLSearchParams(form), headers: { authorization: `Basic ${Buffer.from(client).toString('base64')}` } });
    token = answer.body.access_token ?? token;
    return answer;
  };
  await login();
  return { sandbox, url, ask, login };
}

export interface SeenComment {
  id: string;
  parentId: string;
}

/** Follows every stub of a post to its end, as a scraper would; fails when a comment comes twice from the same place. */
export async function expandThread(ask: (path: string, init?: RequestInit) => Promise<SandboxAnswer>, postId: string, parameters: string) {
  const seen = new Map<string, SeenComment>();
  const pending: string[] = [];
  const threads: string[] = [];
  const kinds = { more: 0, continued: 0 };

  function take(things: Json[]): void {
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

  take((await ask(`/comments/${postId}?${parameters}`)).body[1].data.children);
  for (let requests = 0; pending.length || threads.length; requests++) {
    if (requests > 2_000) throw new Error('the thread never ends');
    const children = pending.splice(0, 100);
    if (children.length) {
      const form = new URLSearchParams({ api_type: 'json', link_id: `t3_${postId}`, children: children.join(',') });
      take((await ask('/api/morechildren?raw_json=1', { method: 'POST', body: form })).body.json.data.things);
    } else {
      take((await ask(`/comments/${postId}?comment=${threads.pop()}&${parameters}`)).body[1].data.children);
    }
  }
  return { comments: [...seen.values()], kinds };
}
