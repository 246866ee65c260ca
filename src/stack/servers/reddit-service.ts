import type { Config } from '../../platform/config';
import { reasonOf } from '../../platform/startup/error-texts';
import { StartError, unreachable } from '../../platform/startup/start-error';
import { choosePort } from '../processes/free-port';
import { createRedditSandbox } from '../../reddit-sandbox/sandbox-server';
import { nothingToStop, type StartService } from './stack-service';

export const startReddit: StartService = async ({ config, state }) => {
  if (config.REDDIT_CLIENT_ID) {
    await checkConfigured(config, config.REDDIT_CLIENT_ID);
    return {
      name: 'Reddit',
      isEmbedded: false,
      summary: `uses ${tokenBase(config)} as ${config.REDDIT_USERNAME ?? 'an app without user'}`,
      env: {},
      stop: nothingToStop,
    };
  }
  const recordings = config.REDDIT_SANDBOX_RECORDINGS;
  const content = recordings ? `what ${recordings} holds` : 'made-up content';
  const sandbox = createSandbox(recordings);
  // Generated content: a subreddit that grows by the minute, and one that has threads already. Recordings: those with
  // the most posts.
  const demoSubreddits = recordings ? sandbox.subreddits().slice(0, 2) : ['programming', 'history'];
  const defaults = config.REDDIT_DEFAULT_SUBREDDITS;
  const { port, url } = await sandbox.listen({
    host: '127.0.0.1',
    port: await choosePort(state.values.ports.redditSandbox),
  });
  state.values.ports.redditSandbox = port;
  state.save();
  return {
    name: 'Reddit',
    isEmbedded: true,
    summary: `sandbox with ${content}, port ${port} (set REDDIT_CLIENT_ID for the real one)`,
    env: {
      REDDIT_CLIENT_ID: 'sandbox',
      REDDIT_CLIENT_SECRET: 'sandbox',
      REDDIT_USERNAME: undefined,
      REDDIT_PASSWORD: undefined,
      REDDIT_OAUTH_BASE_URL: url,
      REDDIT_WWW_BASE_URL: url,
      REDDIT_IS_SANDBOX: 'true',
      REDDIT_DEFAULT_SUBREDDITS: (defaults.length > 0 ? defaults : demoSubreddits).join(','),
    },
    demoSubreddits,
    stop: () => sandbox.close(),
  };
};

function createSandbox(recordings: string | undefined) {
  try {
    return createRedditSandbox({ recordings });
  } catch (error) {
    throw new StartError(`REDDIT_SANDBOX_RECORDINGS: ${reasonOf(error)}`);
  }
}

const tokenBase = (config: Config) => config.REDDIT_WWW_BASE_URL ?? 'https://www.reddit.com';

const oauthBase = (config: Config) => config.REDDIT_OAUTH_BASE_URL ?? 'https://oauth.reddit.com';

/** Gets a token and sends one request with it, as the client will. */
async function checkConfigured(config: Config, clientId: string): Promise<void> {
  await checkToken(config, await fetchToken(config, clientId));
}

async function fetchToken(config: Config, clientId: string): Promise<string> {
  const { REDDIT_USERNAME: username, REDDIT_PASSWORD: password = '' } = config;
  const form = new URLSearchParams(
    username ? { grant_type: 'password', username, password } : { grant_type: 'client_credentials' },
  );
  const authorization = `Basic ${Buffer.from(`${clientId}:${config.REDDIT_CLIENT_SECRET}`).toString('base64')}`;
  const base = tokenBase(config);
  const response = await ask(config, 'REDDIT_WWW_BASE_URL', base, '/api/v1/access_token', {
    method: 'POST',
    body: form,
    headers: { authorization },
  });
  if (response.status === 401)
    throw new StartError(
      `REDDIT_CLIENT_ID, REDDIT_CLIENT_SECRET: Reddit at ${base} does not know this app or its secret (401)`,
    );
  const answer = (await response.json().catch(() => ({}))) as { access_token?: string; error?: string | number };
  if (answer.access_token) return answer.access_token;
  if (answer.error === 'invalid_grant')
    throw new StartError(`REDDIT_USERNAME, REDDIT_PASSWORD: Reddit at ${base} refuses this login`);
  const reason = [`status ${response.status}`, answer.error].filter(Boolean).join(', ');
  throw new StartError(`REDDIT_CLIENT_ID: Reddit at ${base} gives no token: ${reason}`);
}

async function checkToken(config: Config, token: string): Promise<void> {
  const base = oauthBase(config);
  const { status } = await ask(config, 'REDDIT_OAUTH_BASE_URL', base, '/api/info?id=t5_2qh33', {
    headers: { authorization: `Bearer ${token}` },
  });
  // 429 and 5xx come from Reddit too, and runs wait for it, so the start goes on.
  if (status >= 400 && status < 500 && status !== 429)
    throw new StartError(
      `${variableOf(config, 'REDDIT_OAUTH_BASE_URL')}: Reddit at ${base} refuses the token ` +
        `that ${tokenBase(config)} gave (${status})`,
    );
}

const variableOf = (config: Config, name: 'REDDIT_OAUTH_BASE_URL' | 'REDDIT_WWW_BASE_URL') =>
  config[name] ? name : 'REDDIT_CLIENT_ID';

async function ask(
  config: Config,
  variable: 'REDDIT_OAUTH_BASE_URL' | 'REDDIT_WWW_BASE_URL',
  base: string,
  route: string,
  init: RequestInit,
): Promise<Response> {
  try {
    const url = `${base.replace(/\/$/, '')}${route}`;
    return await fetch(url, {
      ...init,
      headers: { ...init.headers, 'user-agent': config.REDDIT_USER_AGENT },
      signal: AbortSignal.timeout(15_000),
    });
  } catch (error) {
    throw unreachable(variableOf(config, variable), 'Reddit', base, error);
  }
}
