import ipaddr from 'ipaddr.js';
import { TooManyRequestsError, UnavailableError } from '../../errors';
import { foldCase } from '../../../shared/fold-case';
import { hashToken } from './token-service';
import type { KeyValueStore } from '../../../platform/key-value-store/key-value-store';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** The wait doubles with each attempt beyond the free ones. */
const SHORTEST_WAIT_SECONDS = 4;
/** Short, where one client's attempts make others wait. */
const LONGEST_WAIT_SECONDS = MINUTE;

interface Limit {
  free: number;
  seconds: number;
  longestWait?: number;
}
/**
 * `free` attempts within `seconds` of the first. Accounts that do not exist are counted like those that do.
 * docs/adr/0023 has the reasons for the figures of logins: one network alone never uses up what an account has free.
 */
const RULES = {
  'login pair': { free: 10, seconds: DAY, longestWait: 15 * MINUTE },
  'login account': { free: 300, seconds: DAY },
  'login address': { free: 50, seconds: 15 * MINUTE },
  'register address': { free: 60, seconds: 60 * MINUTE },
  'key address': { free: 100, seconds: 15 * MINUTE },
  'refresh address': { free: 100, seconds: 15 * MINUTE },
  'forgot address': { free: 30, seconds: 60 * MINUTE },
  'reset address': { free: 30, seconds: 15 * MINUTE },
} satisfies Record<string, Limit>;
type Rule = keyof typeof RULES;
/** A rule and whom it counts. */
type Counter = [rule: Rule, subject: string];

/** A mailbox gets so many mails in an hour and a day; after that one an hour, so that its owner always has a link. */
const MAILS = { anHour: 3, aDay: 10 };
/** A network from which an account has signed in is known so long. */
const KNOWN_SECONDS = 90 * DAY;

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

const pairOf = (account: string, address: string) => `${foldCase(account)} ${networkOf(address)}`;
const knownKey = (account: string, address: string) => `auth:known-network:${hashToken(pairOf(account, address))}`;

/** Of the mailbox that an address delivers to: what stands behind a + is the owner's own. */
const mailboxOf = (email: string) => foldCase(email).replace(/\+[^@]*(?=@)/, '');

/**
 * Rate limits for attempts to authenticate. Subjects (names, addresses) are stored as hashes, because people sometimes
 * type their password into the field for the name.
 */
export function createRateLimits(deps: { store: KeyValueStore; isOn: boolean }) {
  const { store, isOn } = deps;
  const keyOf = (rule: Rule, subject: string) => {
    const counted = rule.endsWith(' address') ? networkOf(subject) : subject;
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
    const { free, seconds, longestWait = LONGEST_WAIT_SECONDS }: Limit = RULES[rule];
    const beyond = (await orUnavailable(store.increment(key, { ttlSeconds: seconds }))) - free;
    if (beyond < 0) return;
    const wait = Math.min(SHORTEST_WAIT_SECONDS * 2 ** beyond, longestWait);
    const isFirst = await orUnavailable(
      store.set(waitKey(key), String(Date.now() + wait * 1000), { ttlSeconds: wait, onlyIfAbsent: true }),
    );
    if (!isFirst) refuse(await orUnavailable(store.get(waitKey(key))));
  };

  /**
   * The counters of a login: that of the account from this network, and that of the account from everywhere. The latter
   * does not hold for a network from which the account has signed in, so that strangers cannot keep its owner out.
   */
  const loginLimits = async (account: string, address: string): Promise<Counter[]> => {
    const pair: Counter = ['login pair', pairOf(account, address)];
    const isKnown = isOn && (await orUnavailable(store.get(knownKey(account, address)))) !== null;
    return isKnown ? [pair] : [pair, ['login account', foldCase(account)]];
  };

  return {
    check,
    count,
    loginLimits,
    async checkAll(counters: Counter[]): Promise<void> {
      for (const [rule, subject] of counters) await check(rule, subject);
    },
    async countAll(counters: Counter[]): Promise<void> {
      for (const [rule, subject] of counters) await count(rule, subject);
    },

    /** Forgets the wrong passwords of this network, and remembers it for these spellings of the account. */
    async noteLogin(accounts: string[], address: string): Promise<void> {
      if (!isOn) return;
      for (const account of accounts) {
        await orUnavailable(store.delete(keyOf('login pair', pairOf(account, address))));
        await orUnavailable(store.set(knownKey(account, address), '1', { ttlSeconds: KNOWN_SECONDS }));
      }
    },

    /** Counts a mail that a stranger can cause. False when the mailbox has had enough of them. */
    async mayMail(email: string): Promise<boolean> {
      if (!isOn) return true;
      const key = `auth:mails:${hashToken(mailboxOf(email))}`;
      const inAnHour = await orUnavailable(store.increment(`${key}:hour`, { ttlSeconds: HOUR }));
      const inADay = await orUnavailable(store.increment(`${key}:day`, { ttlSeconds: DAY }));
      return inAnHour === 1 || (inAnHour <= MAILS.anHour && inADay <= MAILS.aDay);
    },
    /** Checks and counts. */
    async attempt(rule: Rule, subject: string): Promise<void> {
      await check(rule, subject);
      await count(rule, subject);
    },
  };
}
