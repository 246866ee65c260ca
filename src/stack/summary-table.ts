import Table from 'cli-table3';
import type { FirstSuperuser } from './first-superuser';

export interface StackSummary {
  apiUrl: string;
  temporalUiUrl: string | undefined;
  logFolder: string;
  superuser: FirstSuperuser;
  /** The address of the mail sink's web page, or the host of the configured mail server. */
  mail: string;
  reddit: string;
}

export function renderSummary(summary: StackSummary): string {
  const table = new Table({ style: { head: [], border: [] } });
  table.push(
    { API: `${summary.apiUrl}/api/v1` },
    { 'API docs': `${summary.apiUrl}/docs` },
    { 'Temporal Web UI': summary.temporalUiUrl ?? 'not known: set TEMPORAL_UI_URL' },
    { Mail: summary.mail },
    { Reddit: summary.reddit },
    { Logs: summary.logFolder },
    ...superuserRows(summary.superuser),
  );
  return table.toString();
}

function superuserRows(superuser: FirstSuperuser): Record<string, string>[] {
  switch (superuser.kind) {
    case 'known':
      return [{ Superuser: superuser.username }];
    case 'missing':
      return [{ Superuser: 'none yet: npm run create-admin (or set ADMIN_USERNAME, ADMIN_EMAIL and ADMIN_PASSWORD)' }];
    case 'created':
      return [
        { Superuser: superuser.username },
        ...(superuser.isPasswordGenerated ? [{ Password: `${superuser.password}  (shown this once)` }] : []),
      ];
  }
}
