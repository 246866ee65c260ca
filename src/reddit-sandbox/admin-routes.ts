import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { FaultChange, FaultPlan } from './fault-plan';
import { faultChangeSchema } from './fault-plan';
import { contentChangesSchema, type ContentChange } from './content-changes';
import type { RedditContent } from './reddit-content';
import type { RequestLog } from './sandbox-request-log';

/** Routes of the sandbox alone: they set faults and change content, for instance with curl. */
export function registerAdminRoutes(
  app: FastifyInstance,
  deps: {
    content: RedditContent;
    changeContent: (changes: ContentChange[]) => void;
    faults: FaultPlan;
    requests: RequestLog;
    setFaults: (change: FaultChange) => void;
  },
): void {
  app.get('/_sandbox/status', async () => ({
    content: deps.content.kind,
    subreddits: deps.content.subredditNames(),
    faults: deps.faults.current(),
    requests: { ...deps.requests.totals(), newest: deps.requests.entries.slice(-20) },
  }));

  app.put('/_sandbox/faults', async (request, reply) => {
    const change = faultChangeSchema.safeParse(request.body);
    if (!change.success) return reply.code(400).send({ message: z.prettifyError(change.error) });
    deps.setFaults(change.data);
    return deps.faults.current();
  });

  app.post('/_sandbox/content', async (request, reply) => {
    const changes = contentChangesSchema.safeParse(request.body);
    if (!changes.success) return reply.code(400).send({ message: z.prettifyError(changes.error) });
    deps.changeContent(changes.data);
    return { changed: changes.data.length };
  });
}
