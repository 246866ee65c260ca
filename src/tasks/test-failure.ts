import { z } from 'zod';
import { defineTaskType } from './task-type';

/** The predecessor's kinds of failure, by its names for them; any other value counts as general. */
const FAILURES = {
  general: () => new Error('Test failure: general error'),
  value_error: () => new RangeError('Test failure: value error'),
  type_error: () => new TypeError('Test failure: type error'),
  zero_division: () => new RangeError('Test failure: division by zero'),
};

export const testFailure = defineTaskType({
  name: 'TEST_FAILURE',
  summary: 'Always fails, in the way that error_type names: for trying out retries and alerts',
  parameters: z.object({
    error_type: z
      .string()
      .default('general')
      .describe(`${Object.keys(FAILURES).join(', ')}; any other text counts as general`)
      .meta({ examples: Object.keys(FAILURES) }),
  }),
  examples: {
    accepted: [{ error_type: 'value_error' }, {}, { error_type: 'whatever' }],
    refused: [
      { parameters: { error: 'general' }, at: 'error' },
      { parameters: { error_type: 3 }, at: 'error_type' },
      { parameters: { error_type: null }, at: 'error_type' },
    ],
  },
  isShort: true,
  async run(_context, parameters) {
    const kind = Object.hasOwn(FAILURES, parameters.error_type)
      ? (parameters.error_type as keyof typeof FAILURES)
      : 'general';
    throw FAILURES[kind]();
  },
});
