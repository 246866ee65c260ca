import { ForbiddenError, NotFoundError, TEXTS } from '../../errors';
import { mayAccess, ROLE_OF } from '../../access-levels';
import { DAY_MS } from '../../../shared/durations';
import { createApiKey, hashApiKey } from './api-key-token';
import type { ApiKey, ApiKeyRepository } from '../../../storage/accounts/api-key-repository';
import type { User } from '../../../storage/accounts/user';
import type { UserRepository } from '../../../storage/accounts/user-repository';
import type { ApiKeyBody, CreateApiKeyBody, NewApiKeyBody } from '../../schemas/api-key-schemas';

const MAX_KEYS_PER_USER = 50;

function presentApiKey(key: ApiKey): ApiKeyBody {
  return {
    id: key.id,
    name: key.name,
    prefix: key.prefix,
    scope: key.scope,
    created_at: key.createdAt.toISOString(),
    expires_at: key.expiresAt?.toISOString() ?? null,
    is_expired: key.isExpired,
    last_used_at: key.lastUsedAt?.toISOString() ?? null,
    last_used_address: key.lastUsedAddress,
  };
}

export type ApiKeyService = ReturnType<typeof createApiKeyService>;

export function createApiKeyService({ keys, users }: { keys: ApiKeyRepository; users: UserRepository }) {
  /** The user whose keys are meant. Users manage their own keys, admins everybody's. */
  const resolveOwner = async (actor: User, userId = actor.id): Promise<number> => {
    if (userId === actor.id) return userId;
    if (actor.role !== 'admin') throw new ForbiddenError(TEXTS.forbidden);
    if (!(await users.get(userId))) throw new NotFoundError(TEXTS.userNotFound);
    return userId;
  };

  return {
    async list(actor: User, userId?: number): Promise<ApiKeyBody[]> {
      return (await keys.list(await resolveOwner(actor, userId))).map(presentApiKey);
    },

    /** The answer is the only one that contains the key itself. */
    async create(
      actor: User,
      { name, scope, expires_at: expiresAt, expires_in_days: days }: CreateApiKeyBody,
    ): Promise<NewApiKeyBody> {
      if (!mayAccess(actor.role, ROLE_OF[scope]))
        throw new ForbiddenError(`A key with the scope ${scope} needs an owner with the role ${ROLE_OF[scope]}`);
      const { key, prefix } = createApiKey();
      const end = expiresAt ?? (days ? new Date(Date.now() + days * DAY_MS) : null);
      const created = await keys.create(
        { userId: actor.id, name, prefix, keyHash: hashApiKey(key), scope, expiresAt: end },
        MAX_KEYS_PER_USER,
      );
      if (!created) throw new NotFoundError(TEXTS.userNotFound);
      return { ...presentApiKey(created), key };
    },

    async remove(actor: User, id: number, userId?: number): Promise<void> {
      if (!(await keys.remove(await resolveOwner(actor, userId), id))) throw new NotFoundError('API key not found');
    },
  };
}
