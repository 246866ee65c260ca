import ipaddr from 'ipaddr.js';
import { TooManyRequestsError, UnavailableError } from '../../errors';
import { hashToken } from './token-service';
import type { KeyValueStore } from '../../../platform/key-value-store/key-value-store';

const MINUTE = 60;
/** The wait doubles with each attempt beyond the free ones; a longer one would let anybody lock others out. */
const SHORTEST_WAIT_SECONDS = 4;
const LONGEST_WAIT_SECONDS = MINUTE;

/** How many attempts are free within the time that starts with the first. Whether an account exists plays no part. */
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

/** Who has one IPv6 address has its whole /64, and would have as many counters. What is no address (a proxy may say anything) counts as it is. */
function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  return parsed instanceof ipaddr.IPv6
    ? `${new ipaddr.IPv6([...parsed.parts.slice(0, 4), 0, 0, 0, 0]).toString()}/64`
    : parsed.toString();
}

const ask = <Answer>(answer: Promise<Answer>): Promise<Answer> =>
  answer.catch((error: unknown) => {
    throw new UnavailableError('Attempts cannot be counted: Redis does not answer', error);
  });

export type RateLimits = ReturnType<typeof createRateLimits>;

/** Slows down who tries again and again. Subjects are kept as hashes: people type passwords for names. */
export function createRateLimits(deps: { store: KeyValueStore; isOn: boolean }) {
  const { store, isOn } = deps;
  const keyOf = (rule: Rule, subject: string) => {
    const counted = rule.endsWith(' address') ? networkOf(subject) : subject.toLowerCase();
    return `auth:attempts:${rule.replace(' ', ':')}:${hashToken(counted)}`;
  };
  const waitKey = (key: string) => `${key}:wait`;
  const refuse = (until: string | null): never => {
    throw new TooManyRequestsError(Math.max(1, Math.ceil((Number(until) - Date.now()) / 1000)));
  };

  const check = async (rule: Rule, subject: string): Promise<void> => {
    if (!isOn) return;
    const until = await ask(store.get(waitKey(keyOf(rule, subject))));
    if (until !== null) refuse(until);
  };

  /** Refuses also when others have used up what was free since the check: of many at once none learns more than one after the other would. */
  const count = async (rule: Rule, subject: string): Promise<void> => {
    if (!isOn) return;
    const key = keyOf(rule, subject);
    const { free, seconds } = RULES[rule];
    const beyond = (await ask(store.increment(key, { ttlSeconds: seconds }))) - free;
    if (beyond < 0) return;
    const wait = Math.min(SHORTEST_WAIT_SECONDS * 2 ** beyond, LONGEST_WAIT_SECONDS);
    const isFirst = await ask(
      store.set(waitKey(key), String(Date.now() + wait * 1000), { ttlSeconds: wait, onlyIfAbsent: true }),
    );
    if (!isFirst) refuse(await ask(store.get(waitKey(key))));
  };

  return {
    check,
    count,
    async attempt(rule: Rule, subject: string): Promise<void> {
      await check(rule, subject);
      await count(rule, subject);
    },
    async forgive(rule: Rule, subject: string): Promise<void> {
      if (isOn) await ask(store.delete(keyOf(rule, subject)));
    },
  };
}
