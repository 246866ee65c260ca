import { z } from 'zod';

const MAX_TEXT_CHARACTERS = 1_000_000;

const address = z.email('is not an e-mail address').max(254);
export const distinct = (addresses: string[]) =>
  addresses.filter((one, index) => addresses.findIndex((other) => other.toLowerCase() === one.toLowerCase()) === index);
const addresses = z
  .preprocess(
    (given) => (typeof given === 'string' ? [given] : given),
    z.array(address).min(1, 'name at least one address').max(50, 'at most 50 addresses').overwrite(distinct),
  )
  .meta({ isOneOrMany: true });
// In a header a line break would begin the next one. Checked before trimming, so that the JSON Schema says the same.
const line = z
  .string()
  .max(500)
  .regex(/\S/, 'is empty')
  .regex(/^\P{Cc}*$/u, 'must be one line, without control characters')
  .trim();
const body = z.string().max(MAX_TEXT_CHARACTERS);

export const sendEmailParameters = z.strictObject({
  to_email: addresses.describe('One address, or up to 50. Each gets a copy of its own, whose header names them all'),
  cc: addresses.optional(),
  bcc: addresses.optional().describe("Named in nobody's copy"),
  reply_to: address.optional(),
  subject: line,
  content: body.min(1, 'is empty').describe('The mail as plain text'),
  html: body.min(1, 'is empty').optional().describe('The same as a page, for readers that show it'),
});
export type SendEmailParameters = z.infer<typeof sendEmailParameters>;
