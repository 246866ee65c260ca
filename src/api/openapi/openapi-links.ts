type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';
interface Links {
  /** The status of the response that contains the resource's id. */
  status: '200' | '201';
  /** Path parameter to the runtime expression that yields its value. */
  parameters: Record<string, string>;
  to: readonly `${Method} ${string}`[];
}

const API = '/api/v1';
const runLinks: Omit<Links, 'status'> = {
  parameters: { id: '$response.body#/task_id' },
  to: [
    `get ${API}/tasks/executions/{id}`,
    `post ${API}/tasks/executions/{id}/cancel`,
    `post ${API}/tasks/executions/{id}/terminate`,
    `post ${API}/tasks/executions/{id}/retry`,
  ],
};

/** The operations that can follow a response; keys are method and path, as the document names them. */
const LINKS: Record<string, Links> = {
  [`post ${API}/tasks/configs`]: {
    status: '201',
    parameters: { id: '$response.body#/id' },
    to: [
      ...(['get', 'put', 'patch', 'delete'] as const).map((method) => `${method} ${API}/tasks/configs/{id}` as const),
      `get ${API}/tasks/configs/{id}/next-runs`,
      `get ${API}/tasks/schedules/{id}`,
      `get ${API}/tasks/schedules/{id}/history`,
      `post ${API}/tasks/schedules/{id}/{action}`,
      `delete ${API}/tasks/schedules/{id}`,
      `post ${API}/tasks/execute/{id}`,
      `get ${API}/tasks/executions/by-config/{id}`,
      `get ${API}/tasks/executions/{id}/stats`,
    ],
  },
  [`post ${API}/tasks/execute/{id}`]: { status: '200', ...runLinks },
  [`post ${API}/tasks/execute/by-type/{type}`]: { status: '200', ...runLinks },
  [`post ${API}/users`]: {
    status: '201',
    parameters: { user_id: '$response.body#/id' },
    to: (['get', 'patch', 'delete'] as const).map((method) => `${method} ${API}/users/{user_id}` as const),
  },
};

/** The links of an operation, as an OpenAPI response object holds them. */
export function linksOf(operation: string): { status: string; links: Record<string, object> } | undefined {
  const found = LINKS[operation];
  if (!found) return undefined;
  const links = found.to.map((target) => {
    const [method = '', path = ''] = target.split(' ');
    return [
      target
        .replace(`${API}/`, '')
        .replace(/[^a-z]+/g, '-')
        .replace(/-$/, ''),
      { operationRef: `#/paths/${path.replaceAll('/', '~1')}/${method}`, parameters: found.parameters },
    ] as const;
  });
  return { status: found.status, links: Object.fromEntries(links) };
}
