import type { Mailer } from '../platform/mail/mailer';
import type { Probe } from '../platform/probes';
import type { RedditClient } from '../platform/reddit/reddit-client';
import type { Backups } from './ports/backups';
import type { ContentStore } from './ports/content-store';
import type { DeletionStore } from './ports/deletion-store';
import type { Exports } from './ports/exports';
import type { MailLedger } from './ports/mail-ledger';
import type { RetentionStore } from './ports/retention-store';
import type { RunMonitor } from './ports/run-monitor';
import type { ScrapeMemory } from './ports/scrape-memory';

/**
 * What task types may use of the outside world: the ports, which worker/create-activity-deps.ts wires to real services.
 */
export interface TaskServices {
  /** Requests are made on behalf of the run's config: configs share the request budget by their priority. */
  reddit: RedditClient;
  content: ContentStore;
  backups: Backups;
  retention: RetentionStore;
  runs: RunMonitor;
  mailer: Pick<Mailer, 'send' | 'messageIdOf'>;
  deliveries: MailLedger;
  exports: Exports;
  scrapes: ScrapeMemory;
  deletions: DeletionStore;
  /** Each call asks the server itself; simultaneous calls share one answer. */
  probes: Record<'postgres' | 'redis' | 'temporal' | 'reddit', Probe>;
}
