export interface LoggedRequest {
  method: string;
  path: string;
  /** Query and form together. Of a token request only the grant type is kept. */
  query: Record<string, string>;
  /** 0 when the connection was reset. */
  status: number;
  /** The fault that was injected, if any. */
  fault?: string;
}

const MOST_ENTRIES = 2_000;

/** The requests, for tests: the newest entries, and counters over all requests since the last clear. */
export function createRequestLog() {
  const entries: LoggedRequest[] = [];
  const byStatus: Record<number, number> = {};
  let total = 0;
  return {
    entries: entries as readonly LoggedRequest[],
    add(entry: LoggedRequest) {
      entries.push(entry);
      if (entries.length > MOST_ENTRIES) entries.shift();
      byStatus[entry.status] = (byStatus[entry.status] ?? 0) + 1;
      total++;
    },
    count: (matches: (entry: LoggedRequest) => boolean = () => true): number => entries.filter(matches).length,
    totals: () => ({ total, byStatus: { ...byStatus } }),
    clear() {
      entries.length = 0;
      for (const status of Object.keys(byStatus)) delete byStatus[Number(status)];
      total = 0;
    },
  };
}

export type RequestLog = ReturnType<typeof createRequestLog>;
