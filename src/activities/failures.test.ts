import { z } from 'zod';
import { classifyFailure } from './failures';

test('a message is a sentence: without a stack, without the JSON of a schema, and not longer than a page', () => {
  expect(classifyFailure(new Error('it broke\n    at run (file.ts:1:1)\n    at main'))).toMatchObject({
    message: 'it broke',
    traceback: expect.stringContaining('failures.test'),
  });
  const { error } = z.object({ lane: z.object({ page: z.number() }) }).safeParse({ lane: { page: 'x' } });
  expect(classifyFailure(error).message).toMatch(/^lane: page: Invalid input: expected number/);
  expect(classifyFailure(new Error('x'.repeat(5_000))).message).toHaveLength(1_002);
});
