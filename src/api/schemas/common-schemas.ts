import { z } from 'zod';

/** ISO 8601 in UTC, with Z. */
export const datetime = z.iso.datetime();
export const count = z.int();
export const jsonObject = z.record(z.string(), z.unknown());

const errorBody = z.object({ detail: z.string() }).meta({ id: 'Error' });
const validationErrorBody = z
  .object({
    detail: z.array(
      z.object({
        type: z.string(),
        loc: z.array(z.union([z.string(), z.int()])),
        msg: z.string(),
        input: z.unknown(),
        ctx: jsonObject.optional(),
      }),
    ),
  })
  .meta({ id: 'RequestFaults' });

const TEXTS = {
  400: 'Bad request',
  401: 'No valid access token or API key',
  403: 'Not allowed to this user',
  404: 'Not found',
  409: 'In conflict with the present state',
  412: 'If-Match names an older state',
  410: 'It was there, and is no more',
  413: 'The body is too large',
  416: 'The file has no such range',
  429: 'Too many attempts; Retry-After says when to try again',
  503: 'A server that is needed does not answer',
} as const;

const describeError = <Status extends keyof typeof TEXTS>(status: Status) => errorBody.describe(TEXTS[status]);
/** Error responses for a route's schema. plugins/openapi.ts adds those that follow from the route's access. */
export const badRequest = { 400: describeError(400) };
export const unauthorized = { 401: describeError(401) };
export const forbidden = { 403: describeError(403) };
export const forbiddenUnless = (needs: string) => ({ 403: errorBody.describe(`${TEXTS[403]}. ${needs}`) });
export const notFound = { 404: describeError(404) };
export const conflict = { 409: describeError(409) };
export const preconditionFailed = { 412: describeError(412) };
export const gone = { 410: describeError(410) };
export const payloadTooLarge = { 413: describeError(413) };
export const rangeNotSatisfiable = { 416: describeError(416) };
export const unprocessable = {
  422: validationErrorBody.describe('The request is malformed: all that is wrong with it'),
};
export const tooManyRequests = { 429: describeError(429) };
export const unavailable = { 503: describeError(503) };

export const messageBody = z.object({ message: z.string(), success: z.boolean() }).meta({ id: 'Message' });
