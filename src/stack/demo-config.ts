const demoConfig = (subreddits: string[]) => ({
  name: 'Demo: sandbox Reddit, every 2 minutes',
  description:
    'Made at the first start. Its posts come from the Reddit sandbox (made up, or the recordings it was given); ' +
    'delete it when you like.',
  task_type: 'REDDIT_SCRAPE',
  scheduler_type: 'interval',
  schedule_config: { interval_seconds: 120 },
  parameters: { subreddits, sort: 'new', posts_limit: 25, comments_limit: 50 },
});

/** Creates the demo config over REST as the superuser and runs it at once. */
export async function createDemoConfig(
  apiUrl: string,
  login: { username: string; password: string },
  subreddits: string[],
): Promise<void> {
  const { access_token: token } = await post<{ access_token: string }>(`${apiUrl}/api/v1/auth/login`, login);
  const config = await post<{ id: number }>(
    `${apiUrl}/api/v1/tasks/configs?auto_schedule=true`,
    demoConfig(subreddits),
    token,
  );
  await post(`${apiUrl}/api/v1/tasks/execute/${config.id}`, {}, token);
}

async function post<Answer>(url: string, body: unknown, token?: string): Promise<Answer> {
  const headers = { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) };
  const response = await fetch(url, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(15_000),
  });
  if (!response.ok) throw new Error(`POST ${new URL(url).pathname}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Answer;
}
