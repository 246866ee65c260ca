import ipaddr from 'ipaddr.js';
import { TooManyRequestsError, UnavailableError } from '../../errors';
import { hashToken } from './token-service';
import type { KeyValueStore } from '../../../platform/key-value-store/key-value-store';

const MINUTE = 60;
/**
 * The wait doubles with each attempt beyond the free ones. The maximum is short, so that nobody can lock out others.
 */
const SHORTEST_WAIT_SECONDS = 4;
const LONGEST_WAIT_SECONDS = MINUTE;

/** `free` attempts within `seconds` of the first. Accounts that do not exist are counted like those that do. */
const RULES = {
  'login account': { free: 10, seconds: 15 * MINUTE },
  'login address': { free: 50, seconds: 15 * MINUTE },
  'register address': { free: 60, seconds: 60 * MINUTE },
  'key address': { free: 100, seconds: 15 * MINUTE },
  'refresh address': { free: 100, seconds: 15 * MINUTE },
  'forgot account': { free: 5, seconds: 60 * MINUTE },
  'forgot address': { free: 30, seconds: 60 * MINUTE },
  'reset address': { free: 30, seconds: 15 * MINUTE },
} as const;
type Rule = keyof typeof RULES;

/**
 * The network that an address is counted under. An IPv6 client can use any address of its /64, so the /64 is counted.
 * Text that is no address (a proxy may forward anything) is counted as it is.
 */
function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  return parsed instanceof ipaddr.IPv6
    ? `${new ipaddr.IPv6([...parsed.parts.slice(0, 4), 0, 0, 0, 0]).toString()}/64`
    : parsed.toString();
}

const orUnavailable = <Answer>(answer: Promise<Answer>): Promise<Answer> =>
  answer.catch((error: unknown) => {
    throw new UnavailableError('Attempts cannot be counted: Redis does not answer', error);
  });

export type RateLimits = ReturnType<typeof createRateLimits>;

/**
 * Rate limits for attempts to authenticate. Subjects (names, addresses) are stored as hashes, because people sometimes
 * type their password into the field for the name.
 */
export function createRateLimits(deps: { store: KeyValueStore; isOn: boolean }) {
  const { store, isOn } = deps;
  const keyOf = (rule: Rule, subject: string) => {
    const counted = rule.endsWith(' address') ? networkOf(subject) : subject.toLowerCase();
    return `auth:attempts:${rule.replace(' ', ':')}:${hashToken(counted)}`;
  };
  const waitKey = (key: string) => `${key}:wait`;
  const refuse = (untilMs: string | null): never => {
    throw new TooManyRequestsError(Math.max(1, Math.ceil((Number(untilMs) - Date.now()) / 1000)));
  };

  /** Throws TooManyRequestsError while the subject has to wait. */
  const check = async (rule: Rule, subject: string): Promise<void> => {
    if (!isOn) return;
    const until = await orUnavailable(store.get(waitKey(keyOf(rule, subject))));
    if (until !== null) refuse(until);
  };

  /**
   * Counts an attempt. Throws when concurrent attempts have used up the free ones since the check, so that parallel
   * guesses gain nothing over sequential ones.
   */
  const count = async (rule: Rule, subject: string): Promise<void> => {
    if (!isOn) return;
    const key = keyOf(rule, subject);
    const { free, seconds } = RULES[rule];
    const beyond = (await orUnavailable(store.increment(key, { ttlSeconds: seconds }))) - free;
    if (beyond < 0) return;
    const wait = Math.min(SHORTEST_WAIT_SECONDS * 2 ** beyond, LONGEST_WAIT_SECONDS);
    const isFirst = await orUnavailable(
      store.set(waitKey(key), String(Date.now() + wait * 1000), { ttlSeconds: wait, onlyIfAbsent: true }),
    );
    if (!isFirst) refuse(await orUnavailable(store.get(waitKey(key))));
  };

  return {
    check,
    count,
    /** Checks and counts. */
    async attempt(rule: Rule, subject: string): Promise<void> {
      await check(rule, subject);
      await count(rule, subject);
    },
    /** Forgets the attempts counted so far. */
    async clear(rule: Rule, subject: string): Promise<void> {
      if (isOn) await orUnavailable(store.delete(keyOf(rule, subject)));
    },
  };
}
