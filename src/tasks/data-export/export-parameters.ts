import { z } from 'zod';
import type { ExportFilters, ExportSource } from '../ports/exports';

const FORMATS = ['json', 'ndjson', 'csv', 'excel', 'parquet'] as const;
const COMPRESSED_FORMATS = ['excel', 'parquet'];
const DEFAULT_SOURCE = 'posts';

/** The filters of each source. A filter that does not belong to the source is an error. */
const FILTERS_OF: Record<ExportSource, readonly (keyof ExportFilters)[]> = {
  posts: ['subreddits', 'authors', 'min_score'],
  comments: ['subreddits', 'authors', 'min_score', 'post_ids'],
  executions: ['statuses', 'task_types', 'config_ids'],
  configs: ['statuses', 'task_types', 'config_ids'],
};
const STATUSES_OF: Partial<Record<ExportSource, readonly string[]>> = {
  executions: ['running', 'succeeded', 'failed', 'cancelled', 'terminated', 'timed_out'],
  configs: ['active', 'inactive', 'paused', 'error'],
};

const moment = z
  .union(
    [z.iso.datetime({ offset: true, local: true }), z.iso.date()],
    'Input should be an ISO 8601 date or date and time',
  )
  .refine((text) => !text.startsWith('0000') && !Number.isNaN(readMoment(text)), 'There is no such moment')
  .meta({ not: { type: 'string', pattern: '^0000' } })
  .describe('ISO 8601; without a zone it is UTC, without a time the beginning of the day');

/** Milliseconds since 1970. A text without a time zone is UTC. */
export function readMoment(text: string): number {
  return Date.parse(/[zZ]$|[+-]\d\d:?\d\d$/.test(text) || !/[tT]/.test(text) ? text : `${text}Z`);
}

const names = (describe: string) =>
  z.array(z.string().max(100).regex(/\S/, 'is empty').trim()).min(1).max(1000).optional().describe(describe);
const ids = z.array(z.int32().positive()).min(1).max(1000).optional();

const filters = z
  .strictObject({
    subreddits: names('posts, comments: names, with or without "r/"; letter case does not matter'),
    authors: names('posts, comments: user names'),
    min_score: z.int32().optional().describe('posts, comments: this score or a higher one'),
    post_ids: names('comments: of these posts'),
    statuses: names('executions: how they ended, or running. configs: active, inactive, paused, error'),
    task_types: names('executions, configs'),
    config_ids: ids.describe('executions, configs'),
  })
  .describe('A row must match every filter; within a list, any entry');

const dateRange = z
  .strictObject({ from: moment.optional(), to: moment.optional() })
  .refine(
    ({ from, to }) => from === undefined || to === undefined || readMoment(from) < readMoment(to),
    'from has to be before to',
  );

/** The rules between parameters for the JSON Schema; `superRefine` below checks the same. */
const rulesBetweenParameters = [
  {
    if: { type: 'object', properties: { export_format: { enum: COMPRESSED_FORMATS } }, required: ['export_format'] },
    then: { type: 'object', properties: { compression: { const: 'none' } } },
  },
  ...Object.entries(FILTERS_OF).map(([source, known]) => {
    const statuses = STATUSES_OF[source as ExportSource];
    return {
      if: {
        type: 'object',
        properties: { source: { const: source } },
        ...(source === DEFAULT_SOURCE ? {} : { required: ['source'] }),
      },
      then: {
        type: 'object',
        properties: {
          filters: {
            type: 'object',
            propertyNames: { enum: known },
            ...(statuses
              ? {
                  properties: {
                    statuses: {
                      type: 'array',
                      items: { type: 'string', pattern: `^\\s*(?:${statuses.join('|')})\\s*$` },
                    },
                  },
                }
              : {}),
          },
        },
      },
    };
  }),
];

export const exportParameters = z
  .strictObject({
    source: z.enum(['posts', 'comments', 'executions', 'configs']).default(DEFAULT_SOURCE),
    export_format: z.enum(FORMATS).default('json'),
    compression: z
      .enum(['none', 'gzip'])
      .default('none')
      .describe('Not for excel and parquet, which are already compressed'),
    date_range: dateRange
      .nullable()
      .default(null)
      .describe(
        'from ≤ moment < to. ' +
          'The moment is that at which a post or comment was written, an execution started, a config was created',
      ),
    filters: filters.default({}),
    escape_formulas: z
      .boolean()
      .default(true)
      .describe("csv: what a spreadsheet would take for a formula gets a ' in front"),
    escape_names: z
      .boolean()
      .default(true)
      .describe('csv: false leaves names that begin with - (letters, digits, _ and - only) as they are'),
    null_text: z
      .string()
      .max(20)
      .regex(/^[\w\\<>()./ -]*$/, 'Input should have only letters, digits and \\ < > ( ) . / _ -')
      .default('')
      .describe(
        'csv: what stands for null, without quotes; for readers that take "" for null too. ' +
          'A text that contains it is quoted',
      ),
    expires_in_days: z
      .int()
      .min(1)
      .max(3650)
      .nullable()
      .default(null)
      .describe('null: as the setting EXPORT_EXPIRES_IN_DAYS says'),
  })
  .superRefine((parameters, context) => {
    const fault = (path: (string | number)[], message: string, input: unknown) =>
      context.addIssue({ code: 'custom', path, message, input });
    const { source, compression, export_format: format } = parameters;
    if (compression !== 'none' && COMPRESSED_FORMATS.includes(format))
      fault(['compression'], `${format} is already compressed`, compression);
    for (const [name, value] of Object.entries(parameters.filters)) {
      if (value !== undefined && !FILTERS_OF[source].includes(name as keyof ExportFilters))
        fault(['filters', name], `${source} cannot be filtered by it, but by ${FILTERS_OF[source].join(', ')}`, value);
    }
    const known = STATUSES_OF[source];
    parameters.filters.statuses?.forEach((status, index) => {
      if (known && !known.includes(status))
        fault(['filters', 'statuses', index], `${source} have the statuses ${known.join(', ')}`, status);
    });
  })
  .meta({ allOf: rulesBetweenParameters });
