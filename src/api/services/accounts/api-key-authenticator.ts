import { UnauthorizedError, UnavailableError } from '../../errors';
import { hashApiKey, isWellFormedApiKey } from './api-key-token';
import type { FastifyBaseLogger } from 'fastify';
import type { ApiKeyRepository, FoundApiKey } from '../../../storage/accounts/api-key-repository';
import type { RateLimits } from './rate-limits';

export type ApiKeyAuthenticator = ReturnType<typeof createApiKeyAuthenticator>;

/** Authenticates API keys, and records their last use. */
export function createApiKeyAuthenticator(deps: {
  keys: Pick<ApiKeyRepository, 'find' | 'noteUse'>;
  limits: RateLimits;
  log: Pick<FastifyBaseLogger, 'error'>;
}) {
  const { keys, limits, log } = deps;
  const pendingNotes = new Map<number, Promise<void>>();

  /** Writes in the background. Of concurrent requests that find the last use stale, only one writes. */
  const noteUse = (id: number, address: string): void => {
    if (pendingNotes.has(id)) return;
    const note = keys
      .noteUse(id, address)
      .catch((error: unknown) => log.error({ err: error, apiKeyId: id }, 'the last use of an API key was not written'))
      .finally(() => pendingNotes.delete(id));
    pendingNotes.set(id, note);
  };

  /** Without Redis a wrong key is refused uncounted, so that authentication by key works without Redis. */
  const countWrongKey = async (address: string): Promise<void> => {
    await limits.attempt('key address', address).catch((error: unknown) => {
      if (!(error instanceof UnavailableError)) throw error;
    });
  };

  return {
    /**
     * Looks the key up before it counts, so that a good key is not delayed by wrong ones from the same address. The
     * rate limit bounds the load of guessing; 256 random bits need no protection from it.
     */
    async find(token: string, address: string): Promise<Pick<FoundApiKey, 'user' | 'key'>> {
      const isWellFormed = isWellFormedApiKey(token);
      const found = isWellFormed ? await keys.find(hashApiKey(token)) : undefined;
      if (!found) {
        await countWrongKey(address);
        throw new UnauthorizedError(
          isWellFormed ? 'The API key is unknown, or was revoked' : 'The API key is malformed',
        );
      }
      if (found.key.isExpired) throw new UnauthorizedError('The API key has expired');
      if (found.isLastUseStale && found.user.isActive) noteUse(found.key.id, address);
      return found;
    },

    /** Resolves when all pending records of a last use are written. */
    async settle(): Promise<void> {
      await Promise.all(pendingNotes.values());
    },
  };
}
