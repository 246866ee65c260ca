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

/** Digits are a user's id, so a user whose name is digits alone can be found by id only. */
function toActorFilter(actor: string | undefined): { actorId?: number; actorName?: string } {
  if (actor === undefined) return {};
  return /^\d{1,9}$/.test(actor) ? { actorId: Number(actor) } : { actorName: actor };
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
      const filter = { ...rest, ...toActorFilter(actor), targetType, targetId, requestId, apiKeyId };
      const { items, nextCursor } = await audit.list(filter);
      return { items: items.map(presentEntry), nextCursor };
    },
  };
}
