import { TooManyApiKeysError } from '../storage-errors';
import { User } from './user';
import type { Database } from '../../platform/postgres/postgres';

export type ApiKeyScope = 'read' | 'operate' | 'admin';

export interface NewApiKey {
  userId: number;
  name: string;
  prefix: string;
  keyHash: string;
  scope: ApiKeyScope;
  expiresAt: Date | null;
}

/**
 * Without the hash, which stays in the database. Expiry is decided by the database's clock, alike for all processes.
 */
export interface ApiKey extends Omit<NewApiKey, 'keyHash'> {
  id: number;
  createdAt: Date;
  isExpired: boolean;
  lastUsedAt: Date | null;
  lastUsedAddress: string | null;
}

export interface FoundApiKey {
  /** The owner, as stored now. */
  user: User;
  key: Pick<ApiKey, 'id' | 'prefix' | 'scope' | 'isExpired'>;
  isLastUseStale: boolean;
}

/** The last use is written once a minute at most: enough to tell which keys are in use. */
const STALE = "(last_used_at is null or last_used_at < now() - interval '1 minute')";
const EXPIRED = 'coalesce(expires_at <= now(), false)';
const COLUMNS = {
  id: 'id',
  userId: 'user_id',
  name: 'name',
  prefix: 'prefix',
  scope: 'scope',
  createdAt: 'created_at',
  expiresAt: 'expires_at',
  lastUsedAt: 'last_used_at',
  lastUsedAddress: 'last_used_address',
};

export type ApiKeyRepository = ReturnType<typeof createApiKeyRepository>;

export function createApiKeyRepository(database: Database) {
  const users = User.bindKnex(database);
  const columns = [COLUMNS, database.raw(`${EXPIRED} as "isExpired"`)];

  return {
    /** Newest first. */
    async list(userId: number): Promise<ApiKey[]> {
      return database('api_keys').where({ user_id: userId }).orderBy('id', 'desc').select<ApiKey[]>(columns);
    },

    /** Undefined when the user is gone, or deactivated. */
    async create({ userId, keyHash, expiresAt, ...same }: NewApiKey, most: number): Promise<ApiKey | undefined> {
      return database.transaction(async (transaction) => {
        // Without the lock, two simultaneous calls would each miss the other's row.
        const owner = await transaction('users')
          .where({ id: userId, is_active: true })
          .forUpdate()
          .first<{ id: number } | undefined>('id');
        if (!owner) return undefined;
        const [{ total }] = (await transaction('api_keys').where({ user_id: userId }).count({ total: '*' })) as [
          { total: number },
        ];
        if (total >= most)
          throw new TooManyApiKeysError(`A user has ${most} API keys at most, expired ones included: delete one first`);
        const [row] = await transaction('api_keys')
          .insert({ ...same, user_id: userId, key_hash: keyHash, expires_at: expiresAt })
          .returning<{ id: number }[]>('id');
        return transaction('api_keys').where({ id: row?.id }).first<ApiKey>(columns);
      });
    },

    /** False when there was no such key. */
    async remove(userId: number, id: number): Promise<boolean> {
      return (await database('api_keys').where({ user_id: userId, id }).del()) > 0;
    },

    /** The key and its owner, in one query. */
    async find(keyHash: string): Promise<FoundApiKey | undefined> {
      const row = await users
        .query()
        .join('api_keys', 'api_keys.user_id', 'users.id')
        .where('api_keys.key_hash', keyHash)
        .select(
          'users.*',
          'api_keys.id as key_id',
          'api_keys.prefix as key_prefix',
          'api_keys.scope as key_scope',
          users.raw(`${EXPIRED} as key_is_expired`),
          users.raw(`${STALE} as key_is_stale`),
        )
        .first();
      if (!row) return undefined;
      const { keyId, keyPrefix, keyScope, keyIsExpired, keyIsStale } = row as User & {
        keyId: number;
        keyPrefix: string;
        keyScope: ApiKeyScope;
        keyIsExpired: boolean;
        keyIsStale: boolean;
      };
      return {
        user: row,
        key: { id: keyId, prefix: keyPrefix, scope: keyScope, isExpired: keyIsExpired },
        isLastUseStale: keyIsStale,
      };
    },

    /** Writes once a minute at most over all processes. */
    async noteUse(id: number, address: string): Promise<void> {
      await database('api_keys')
        .where({ id })
        .whereRaw(STALE)
        .update({ last_used_at: database.fn.now(), last_used_address: address.slice(0, 45) });
    },
  };
}
