import { auditEntry, auditQuery } from '../schemas/audit-schemas';
import { unprocessable } from '../schemas/common-schemas';
import { linkNextPage } from './next-page-link';
import type { AuditService } from '../services/system/audit-service';
import type { ZodApp } from '../zod-app';

export function registerAuditRoutes(app: ZodApp, { audit }: { audit: AuditService }): void {
  app.get(
    '/audit-log',
    {
      config: { access: 'admin' },
      schema: {
        tags: ['audit'],
        summary: 'Who did what to what, newest first',
        querystring: auditQuery,
        response: { 200: auditEntry.array(), ...unprocessable },
      },
    },
    async (request, reply) => {
      const { items, nextCursor } = await audit.list(request.query);
      linkNextPage(request, reply, nextCursor);
      return items;
    },
  );
}
