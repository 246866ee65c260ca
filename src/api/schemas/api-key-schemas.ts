import { z } from 'zod';
import { SCOPES } from '../access-levels';
import { datetime } from './common-schemas';
import { id, instant, integer } from './request-values';

const createFields = z.object({
  name: z.string().trim().min(1).max(100).describe('What it is for'),
  scope: z
    .enum(SCOPES)
    .describe(
      'What it may do at most: read, operate or admin go as far as the roles viewer, operator and admin. It ' +
        "never goes further than its owner's role",
    ),
  expires_at: instant.nullish().describe('In the future; left out or null: never'),
  expires_in_days: integer(z.int().min(1).max(3_650).nullish()).describe('Instead of expires_at'),
});
export const createApiKeyBody = createFields.superRefine(
  (body: Partial<z.infer<typeof createFields>> | null | undefined, context) => {
    const { expires_at: expiresAt, expires_in_days: days } = body ?? {};
    if (expiresAt instanceof Date && expiresAt.getTime() <= Date.now())
      context.addIssue({ code: 'custom', path: ['expires_at'], message: 'Input should be in the future' });
    if (expiresAt && days)
      context.addIssue({
        code: 'custom',
        path: ['expires_in_days'],
        message: 'Either expires_at or expires_in_days, not both',
      });
  },
  // Runs even when fields are invalid, so that the response lists all errors.
  { when: () => true },
);
export type CreateApiKeyBody = z.infer<typeof createApiKeyBody>;

export const apiKey = z
  .object({
    id: z.int(),
    name: z.string(),
    prefix: z.string().describe('How the key begins'),
    scope: z.enum(SCOPES),
    created_at: datetime,
    expires_at: datetime.nullable().describe('Null: never'),
    is_expired: z.boolean().describe('It stays in the list until it is deleted'),
    last_used_at: datetime.nullable().describe('To the minute'),
    last_used_address: z.string().nullable(),
  })
  .meta({ id: 'ApiKey' });
export type ApiKeyBody = z.infer<typeof apiKey>;
export const apiKeyList = z.array(apiKey);

export const newApiKey = apiKey
  .extend({ key: z.string().describe('Shown only here: the server keeps no more than its hash') })
  .meta({ id: 'NewApiKey' });
export type NewApiKeyBody = z.infer<typeof newApiKey>;

export const apiKeyParams = z.object({ id: id() });
export const apiKeyOwnerQuery = z.object({
  user_id: id().optional().describe('The owner. Only admins may name another user'),
});
