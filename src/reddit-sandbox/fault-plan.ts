import { z } from 'zod';

/** Every Nth request, counted from the moment the faults were set; 0 means never. */
const every = z.int().min(0);

export const faultsSchema = z.strictObject({
  errorEvery: every,
  errorStatus: z.int().min(500).max(599),
  rateLimitEvery: every,
  /** How many answers in a row are 429 once a rate limit begins. */
  rateLimitBurst: z.int().min(1),
  retryAfterSeconds: z.number().min(0),
  latencyMs: z.int().min(0).max(60_000),
  /** Every Nth answer takes from `slowMs` to twice as long. */
  slowEvery: every,
  slowMs: z.int().min(0).max(60_000),
  /** Every Nth answer takes `hangMs`, which should be longer than a client waits. */
  hangEvery: every,
  hangMs: z.int().min(0).max(120_000),
  /** Every Nth body is cut to its first half; Content-Length fits the half. */
  truncateEvery: every,
  /** Counts items of post listings and of /api/info, not answers. */
  malformedEvery: every,
  htmlEvery: every,
  htmlStatus: z.int().min(200).max(599),
  /** Every Nth connection is reset before the answer. */
  resetEvery: every,
  /** The end of the rate window is told as a Unix time in place of the seconds until then. */
  isResetEpoch: z.boolean(),
  /** Faults apply only to paths that contain this text. '' means all paths but the token's, which has to be named. */
  pathIncludes: z.string(),
});
export type SandboxFaults = z.infer<typeof faultsSchema>;

/** `revokeTokens` takes effect once: it revokes all tokens issued so far. */
export const faultChangeSchema = faultsSchema.partial().extend({ revokeTokens: z.boolean().optional() });
export type FaultChange = z.infer<typeof faultChangeSchema>;

const NO_FAULTS: SandboxFaults = {
  errorEvery: 0,
  errorStatus: 503,
  rateLimitEvery: 0,
  rateLimitBurst: 1,
  retryAfterSeconds: 1,
  latencyMs: 0,
  slowEvery: 0,
  slowMs: 1_000,
  hangEvery: 0,
  hangMs: 60_000,
  truncateEvery: 0,
  malformedEvery: 0,
  htmlEvery: 0,
  htmlStatus: 200,
  resetEvery: 0,
  isResetEpoch: false,
  pathIncludes: '',
};

export type Fault = 'none' | 'reset' | 'rate-limit' | 'error' | 'html' | 'truncate';

const TOKEN_PATH = '/api/v1/access_token';
/** Malformed items that Reddit has been seen to send in place of a post. */
const MALFORMED = [
  { kind: 't3', data: null },
  { kind: 't3', data: {} },
  { kind: 't3' },
  null,
  { kind: 't3', data: { id: 7, name: null, title: ['?'], created_utc: 'yesterday' } },
];

export function createFaultPlan(initial: Partial<SandboxFaults> = {}) {
  let faults: SandboxFaults = { ...NO_FAULTS, ...initial };
  let answers = 0;
  let arrivals = 0;
  let items = 0;
  let burstLeft = 0;
  const restart = () => {
    [answers, arrivals, items, burstLeft] = [0, 0, 0, 0];
  };
  const isDue = (nth: number) => nth > 0 && answers % nth === 0;
  const strikes = (path: string) => (faults.pathIncludes ? path.includes(faults.pathIncludes) : path !== TOKEN_PATH);

  return {
    current: (): SandboxFaults => ({ ...faults }),
    change(change: Partial<SandboxFaults>) {
      faults = { ...faults, ...change };
      restart();
    },
    reset() {
      faults = { ...NO_FAULTS, ...initial };
      restart();
    },
    /** How long this request's answer is delayed. Called once a request, on arrival. */
    delay(path: string): { ms: number; isHung: boolean } {
      if (!strikes(path)) return { ms: 0, isHung: false };
      arrivals++;
      const isEvery = (nth: number) => nth > 0 && arrivals % nth === 0;
      if (isEvery(faults.hangEvery)) return { ms: faults.hangMs, isHung: true };
      if (!isEvery(faults.slowEvery)) return { ms: faults.latencyMs, isHung: false };
      // Multiples of a prime spread the slow answers evenly between `slowMs` and twice as long.
      return { ms: faults.slowMs + ((arrivals * 137) % (faults.slowMs + 1)), isHung: false };
    },
    /** The fault of this request's answer. Called once a request, after the delay. */
    next(path: string): Fault {
      if (!strikes(path)) return 'none';
      answers++;
      if (burstLeft > 0) {
        burstLeft--;
        return 'rate-limit';
      }
      if (isDue(faults.resetEvery)) return 'reset';
      if (isDue(faults.rateLimitEvery)) {
        burstLeft = faults.rateLimitBurst - 1;
        return 'rate-limit';
      }
      if (isDue(faults.errorEvery)) return 'error';
      if (isDue(faults.htmlEvery)) return 'html';
      return isDue(faults.truncateEvery) ? 'truncate' : 'none';
    },
    spoil: (children: unknown[]): unknown[] =>
      children.map((child) =>
        faults.malformedEvery > 0 && ++items % faults.malformedEvery === 0
          ? MALFORMED[(items / faults.malformedEvery) % MALFORMED.length]
          : child,
      ),
  };
}

export type FaultPlan = ReturnType<typeof createFaultPlan>;
