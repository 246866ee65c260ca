import { TEXTS } from '../../errors';

/** By status; for every path that ERRORS_OF_PATH does not list. */
const ERROR_EXAMPLES: Record<string, unknown> = {
  401: { detail: 'Token has expired' },
  403: { detail: TEXTS.forbidden },
  404: { detail: 'Task config not found' },
  410: { detail: 'The file has expired' },
  413: { detail: 'Request body is too large' },
  416: { detail: 'The file has no such range' },
  422: {
    detail: [
      {
        type: 'greater_than_equal',
        loc: ['query', 'limit'],
        msg: 'Input should be greater than or equal to 1',
        input: '0',
        ctx: { ge: 1 },
      },
    ],
  },
  429: { detail: 'Too many attempts; try again later' },
  503: { detail: 'Temporal does not answer' },
};

const TAKEN = {
  emailTaken: { value: { detail: TEXTS.emailTaken } },
  usernameTaken: { value: { detail: TEXTS.usernameTaken } },
};
/** The first match counts. `examples` shows several responses of one status. */
const ERRORS_OF_PATH: [paths: RegExp, status: string, shown: { example: unknown } | { examples: object }][] = [
  [/\/auth\/login$/, '401', { example: { detail: TEXTS.badCredentials } }],
  [/\/auth\/refresh$/, '401', { example: { detail: TEXTS.badRefreshToken } }],
  [/\/(auth\/register|users|users\/\{user_id\})$/, '409', { examples: TAKEN }],
  // The user of the token may have been deleted, so every operation of these paths can respond with it.
  [/\/(auth|users|audit-log)\b/, '404', { example: { detail: TEXTS.userNotFound } }],
  [/\/executions\/\{id\}/, '404', { example: { detail: 'Execution not found' } }],
  [/\/executions\/\{id\}/, '409', { example: { detail: 'The execution has already ended' } }],
];

export function errorExampleOf(path: string, status: string): { example?: unknown; examples?: object } {
  const own = ERRORS_OF_PATH.find(([paths, of]) => of === status && paths.test(path));
  return own?.[2] ?? { example: ERROR_EXAMPLES[status] };
}
