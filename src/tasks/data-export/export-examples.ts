import type { ParameterExamples } from '../task-type';
import type { exportParameters } from './export-parameters';

export const exportExamples: ParameterExamples<typeof exportParameters> = {
  accepted: [
    { source: 'comments', export_format: 'csv', filters: { subreddits: ['typescript'] } },
    {},
    { filters: { subreddits: ['r/x'], authors: [' a '], min_score: -5 } },
    { source: 'comments', filters: { post_ids: ['1b'] } },
    { source: 'executions', filters: { statuses: [' failed '], task_types: ['X'], config_ids: [1] } },
    { source: 'configs', filters: { statuses: ['paused'] } },
    { export_format: 'csv', compression: 'gzip' },
    { export_format: 'parquet', compression: 'none' },
    { date_range: null },
    { date_range: { from: '2026-01-01', to: '2026-01-01T10:00' } },
    { date_range: { to: '2026-01-01T10:00:00.5+01:00' } },
    { expires_in_days: null },
  ],
  refused: [
    { parameters: { filters: { post_ids: ['1b'] } }, at: 'filters.post_ids' },
    { parameters: { source: 'comments', filters: { statuses: ['failed'] } }, at: 'filters.statuses' },
    { parameters: { source: 'executions', filters: { statuses: ['paused'] } }, at: 'filters.statuses.0' },
    { parameters: { source: 'configs', filters: { statuses: ['failed'] } }, at: 'filters.statuses.0' },
    { parameters: { source: 'configs', filters: { subreddits: ['x'] } }, at: 'filters.subreddits' },
    { parameters: { filters: { authors: ['  '] } }, at: 'filters.authors.0' },
    { parameters: { filters: { authors: [] } }, at: 'filters.authors' },
    { parameters: { filters: { authors: ['a'.repeat(101)] } }, at: 'filters.authors.0' },
    { parameters: { filters: { min_score: 2 ** 31 } }, at: 'filters.min_score' },
    { parameters: { filters: null }, at: 'filters' },
    { parameters: { export_format: 'excel', compression: 'gzip' }, at: 'compression' },
    { parameters: { export_format: 'xml' }, at: 'export_format' },
    { parameters: { date_range: { from: 'today' } }, at: 'date_range.from' },
    { parameters: { date_range: { from: '2026-02-30' } }, at: 'date_range.from' },
    { parameters: { date_range: { from: '0000-01-01' } }, at: 'date_range.from' },
    { parameters: { date_range: { since: '2026-01-01' } }, at: 'date_range.since' },
    {
      parameters: { date_range: { from: '2026-02-01', to: '2026-01-01' } },
      at: 'date_range',
      isBeyondJsonSchema: true,
    },
    { parameters: { expires_in_days: 0 }, at: 'expires_in_days' },
  ],
};
