import { beginningWith } from '../sql/like-patterns';
import { decodeCursor, encodeCursor, pageOf } from '../sql/page-cursor';
import type { Database } from '../../platform/postgres/postgres';

export const AUDIT_OUTCOMES = ['succeeded', 'refused', 'failed'] as const;
export type AuditOutcome = (typeof AUDIT_OUTCOMES)[number];

export interface NewAuditEntry {
  /** Null where nobody was signed in. */
  actorId: number | null;
  /** By which he did it; null in a session. */
  apiKey: { id: number; prefix: string } | null;
  action: string;
  targetType: string;
  targetId: string | null;
  outcome: AuditOutcome;
  status: number;
  address: string;
  userAgent: string | null;
  requestId: string;
  details: Record<string, unknown>;
}

export interface AuditEntry extends NewAuditEntry {
  id: number;
  createdAt: Date;
  /** As it was then. */
  actorName: string | null;
}

export interface AuditFilter {
  actorId?: number;
  actorName?: string;
  apiKeyId?: number;
  /** `config.*`: all that begins so. */
  action?: string;
  targetType?: string;
  targetId?: string;
  outcome?: AuditOutcome;
  requestId?: string;
  /** since ≤ time < until. */
  since?: Date;
  until?: Date;
  limit: number;
  /** Where the page before ended. */
  cursor?: string;
}

const COLUMNS = {
  id: 'id',
  createdAt: 'created_at',
  actorId: 'actor_id',
  actorName: 'actor_name',
  action: 'action',
  targetType: 'target_type',
  targetId: 'target_id',
  outcome: 'outcome',
  status: 'status',
  address: 'address',
  userAgent: 'user_agent',
  requestId: 'request_id',
  details: 'details',
};

const API_KEY = `case when api_key_id is not null then json_build_object('id', api_key_id, 'prefix', api_key_prefix) end as "apiKey"`;

/** PostgreSQL refuses NUL, and a path or a name may well bring one. */
const withoutNul = (text: string | null, most: number) => text?.replaceAll('\0', '').slice(0, most) ?? null;

const CURSOR = /^a:(\d{1,15})$/;

export type AuditRepository = ReturnType<typeof createAuditRepository>;

/** Who did what. Entries are never changed, and only removed for their age. */
export function createAuditRepository(database: Database) {
  return {
    async add(entry: NewAuditEntry): Promise<void> {
      await database('audit_log').insert({
        actor_id: entry.actorId,
        api_key_id: entry.apiKey?.id,
        api_key_prefix: entry.apiKey?.prefix,
        actor_name: database.raw('(select username from users where id = ?)', [entry.actorId as number]),
        action: entry.action.slice(0, 60),
        target_type: entry.targetType,
        target_id: withoutNul(entry.targetId, 255),
        outcome: entry.outcome,
        status: entry.status,
        address: entry.address,
        user_agent: withoutNul(entry.userAgent, 500),
        request_id: entry.requestId,
        details: JSON.stringify(entry.details).replaceAll('\\u0000', ''),
      });
    },

    /** So many at most of those before that time. Answers how many there were. */
    async removeOldest(before: Date, limit: number): Promise<number> {
      const { rowCount } = await database.raw<{ rowCount: number }>(
        'delete from audit_log where id in (select id from audit_log where created_at < ? order by created_at limit ?)',
        [before, limit],
      );
      return rowCount;
    },

    /** Newest first. */
    async list(filter: AuditFilter): Promise<{ items: AuditEntry[]; nextCursor: string | null }> {
      const exact = {
        actor_id: filter.actorId,
        actor_name: filter.actorName,
        api_key_id: filter.apiKeyId,
        target_type: filter.targetType,
        target_id: filter.targetId,
        outcome: filter.outcome,
        request_id: filter.requestId,
      };
      const query = database('audit_log').select<AuditEntry[]>(COLUMNS, database.raw(API_KEY));
      for (const [column, value] of Object.entries(exact)) if (value !== undefined) void query.where(column, value);
      if (filter.action?.endsWith('*')) void query.whereLike('action', beginningWith(filter.action.slice(0, -1)));
      else if (filter.action !== undefined) void query.where('action', filter.action);
      if (filter.since) void query.where('created_at', '>=', filter.since);
      if (filter.until) void query.where('created_at', '<', filter.until);
      if (filter.cursor !== undefined) void query.where('id', '<', Number(decodeCursor(CURSOR, filter.cursor)[1]));
      const rows = await query.orderBy('id', 'desc').limit(filter.limit + 1);
      return pageOf(rows, filter.limit, (last) => encodeCursor(`a:${last.id}`));
    },
  };
}
