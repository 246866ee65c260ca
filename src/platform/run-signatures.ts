import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { sortedJson } from '../shared/sorted-json';

export type RunSignatures = ReturnType<typeof createRunSignatures>;

/**
 * Proves that a workflow was started by Taskloom: Temporal's port takes a start from anybody, with any user's id in it.
 * The signature is an HMAC of the workflow's id and its input, so it is worth nothing for another workflow or input.
 */
export function createRunSignatures(secret: string) {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'taskloom run request', 32));
  const macOf = (workflowId: string, request: object) =>
    createHmac('sha256', key)
      .update(sortedJson([workflowId, request]))
      .digest();

  return {
    sign: <Request extends object>(workflowId: string, request: Request): Request & { signature: string } => ({
      ...request,
      signature: macOf(workflowId, request).toString('base64url'),
    }),

    isSigned(workflowId: string, { signature, ...request }: { signature?: string }): boolean {
      const given = Buffer.from(signature ?? '', 'base64url');
      const expected = macOf(workflowId, request);
      return given.length === expected.length && timingSafeEqual(given, expected);
    },
  };
}
