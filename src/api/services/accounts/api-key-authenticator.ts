import { UnauthorizedError, UnavailableError } from '../../errors';
import { hashApiKey, isApiKeyForm } from './api-key-token';
import type { FastifyBaseLogger } from 'fastify';
import type { ApiKeyRepository, FoundApiKey } from '../../../storage/accounts/api-key-repository';
import type { RateLimits } from './rate-limits';

export type ApiKeyAuthenticator = ReturnType<typeof createApiKeyAuthenticator>;

/** Lets keys in, and notes that they were used. */
export function createApiKeyAuthenticator(deps: {
  keys: Pick<ApiKeyRepository, 'find' | 'noteUse'>;
  limits: RateLimits;
  log: Pick<FastifyBaseLogger, 'error'>;
}) {
  const { keys, limits, log } = deps;
  const notesUnderWay = new Map<number, Promise<void>>();

  /** Nobody waits for it. Of the many requests that find the last use stale at once, one writes. */
  const noteUse = (id: number, address: string): void => {
    if (notesUnderWay.has(id)) return;
    const note = keys
      .noteUse(id, address)
      .catch((error: unknown) => log.error({ err: error, apiKeyId: id }, 'the last use of an API key was not written'))
      .finally(() => notesUnderWay.delete(id));
    notesUnderWay.set(id, note);
  };

  /** A guess is refused whether or not it can be counted, so keys need no Redis. */
  const countGuess = async (address: string): Promise<void> => {
    await limits.attempt('key address', address).catch((error: unknown) => {
      if (!(error instanceof UnavailableError)) throw error;
    });
  };

  return {
    /**
     * Looks before it counts: a good key does not wait for the guesses of others behind the same address, and the counting
     * is there to keep guessers from keeping us busy, not to protect 256 random bits.
     */
    async find(token: string, address: string): Promise<Pick<FoundApiKey, 'user' | 'key'>> {
      const isForm = isApiKeyForm(token);
      const found = isForm ? await keys.find(hashApiKey(token)) : undefined;
      if (!found) {
        await countGuess(address);
        throw new UnauthorizedError(isForm ? 'The API key is unknown, or was revoked' : 'The API key is malformed');
      }
      if (found.key.isExpired) throw new UnauthorizedError('The API key has expired');
      if (found.isLastUseStale && found.user.isActive) noteUse(found.key.id, address);
      return found;
    },

    /** All uses that were to be noted are. */
    async settle(): Promise<void> {
      await Promise.all(notesUnderWay.values());
    },
  };
}
