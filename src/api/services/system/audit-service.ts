import type { AuditEntry, AuditRepository, NewAuditEntry } from '../../../storage/accounts/audit-repository';
import type { AuditBody, AuditQuery } from '../../schemas/audit-schemas';
import type { ListPage } from '../common/list-page';

function presentEntry(entry: AuditEntry): AuditBody {
  return {
    id: entry.id,
    timestamp: entry.createdAt.toISOString(),
    actor_id: entry.actorId,
    actor_name: entry.actorName,
    api_key: entry.apiKey,
    action: entry.action,
    target_type: entry.targetType,
    target_id: entry.targetId,
    outcome: entry.outcome,
    status: entry.status,
    address: entry.address,
    user_agent: entry.userAgent,
    request_id: entry.requestId,
    details: entry.details,
  };
}

export type AuditService = ReturnType<typeof createAuditService>;

export function createAuditService({ audit }: { audit: AuditRepository }) {
  return {
    record: (entry: NewAuditEntry): Promise<void> => audit.add(entry),

    async list(query: AuditQuery): Promise<ListPage<AuditBody>> {
      const {
        actor,
        target_type: targetType,
        target_id: targetId,
        request_id: requestId,
        api_key_id: apiKeyId,
        ...rest
      } = query;
      // A user name of digits alone is asked for by its id.
      const who =
        actor === undefined ? {} : /^\d{1,9}$/.test(actor) ? { actorId: Number(actor) } : { actorName: actor };
      const { items, nextCursor } = await audit.list({ ...rest, ...who, targetType, targetId, requestId, apiKeyId });
      return { items: items.map(presentEntry), nextCursor };
    },
  };
}
