import { beginningWith } from '../sql/like-patterns';
import { decodeCursor, encodeCursor, pageOf } from '../sql/page-cursor';
import { changedRows } from '../sql/rows';
import { toText } from '../sql/storable-json';
import type { Database } from '../../platform/postgres/postgres';

export const AUDIT_OUTCOMES = ['succeeded', 'refused', 'failed'] as const;
export type AuditOutcome = (typeof AUDIT_OUTCOMES)[number];

export interface NewAuditEntry {
  /** Null for a request without authentication. */
  actorId: number | null;
  /** The key of the request; null in a session. */
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
  /** The name at the time of the entry. */
  actorName: string | null;
}

export interface AuditFilter {
  actorId?: number;
  actorName?: string;
  apiKeyId?: number;
  /** `config.*`: all actions with this prefix. */
  action?: string;
  targetType?: string;
  targetId?: string;
  outcome?: AuditOutcome;
  requestId?: string;
  /** since ≤ time < until. */
  since?: Date;
  until?: Date;
  limit: number;
  /** The end of the previous page. */
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

const API_KEY = `
  case when api_key_id is not null
    then json_build_object('id', api_key_id, 'prefix', api_key_prefix) end as "apiKey"`;

/** A path or a name may hold NUL characters, and be longer than its column. */
const cut = (text: string | null, most: number) => toText(text)?.slice(0, most) ?? null;

const CURSOR = /^a:(\d{1,15})$/;

export type AuditRepository = ReturnType<typeof createAuditRepository>;

/** The audit log. Entries are never changed, and only removed for their age. */
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
        target_id: cut(entry.targetId, 255),
        outcome: entry.outcome,
        status: entry.status,
        address: entry.address,
        user_agent: cut(entry.userAgent, 500),
        request_id: entry.requestId,
        details: JSON.stringify(entry.details).replaceAll('\\u0000', ''),
      });
    },

    /** Removes up to `limit` entries from before that time. Returns how many were removed. */
    async removeOldest(before: Date, limit: number): Promise<number> {
      return changedRows(
        database,
        `delete from audit_log
         where id in (select id from audit_log where created_at < :before order by created_at limit :limit)`,
        { before, limit },
      );
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
