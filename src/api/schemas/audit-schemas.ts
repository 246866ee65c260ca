import { z } from 'zod';
import { datetime, jsonObject } from './common-schemas';
import { cursor, id, inOrder, instant, limit } from './request-values';

const OUTCOMES = ['succeeded', 'refused', 'failed'] as const;
const text = (most: number) => z.string().min(1).max(most).optional();

export const auditQuery = z
  .object({
    limit: limit(500, 100),
    actor: text(50).describe('Who did it: a user name, or the id of a user'),
    api_key_id: id().optional().describe('Done with this API key'),
    action: text(60).describe('config.update for one action, config.* for all of that kind'),
    target_type: text(40),
    target_id: text(255),
    outcome: z.enum(OUTCOMES).optional(),
    request_id: text(64).describe('The X-Request-ID of an answer'),
    since: instant.optional().describe('At or after'),
    until: instant.optional().describe('Before'),
    cursor,
  })
  .refine(...inOrder('since', 'until'));
export type AuditQuery = z.infer<typeof auditQuery>;

export const auditEntry = z
  .object({
    id: z.int(),
    timestamp: datetime,
    actor_id: z.int().nullable().describe('Null where nobody was signed in'),
    actor_name: z.string().nullable().describe('As it was then'),
    api_key: z
      .object({ id: z.int(), prefix: z.string() })
      .nullable()
      .describe('By which it was done; null in a session'),
    action: z.string(),
    target_type: z.string(),
    target_id: z.string().nullable().describe('Null for what concerns many, or came to nothing'),
    outcome: z.enum(OUTCOMES).describe('refused: 4xx, or success: false. failed: 5xx'),
    status: z.int().describe('Of the answer'),
    address: z.string(),
    user_agent: z.string().nullable(),
    request_id: z.string(),
    details: jsonObject.describe('What else tells one such action from another; never a secret'),
  })
  .meta({ id: 'AuditEntry' });
export type AuditBody = z.infer<typeof auditEntry>;
