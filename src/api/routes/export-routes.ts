import { findRange, isNotModified } from '../http/file-range';
import { unprocessable, gone, rangeNotSatisfiable, notFound } from '../schemas/common-schemas';
import * as schemas from '../schemas/export-schemas';
import { idParams } from '../schemas/request-values';
import { linkNextPage } from './next-page-link';
import type { FastifyReply } from 'fastify';
import type { ZodApp } from '../zod-app';
import type { Download, ExportService } from '../services/exports/export-service';

export function registerExportRoutes(app: ZodApp, { exports }: { exports: ExportService }): void {
  const config = { access: 'viewer' } as const;
  const tags = ['exports'];

  app.get(
    '/exports',
    {
      config,
      schema: {
        tags,
        summary: 'Exported files, newest first',
        querystring: schemas.exportsQuery,
        response: { 200: schemas.exportBody.array(), ...unprocessable },
      },
    },
    async (request, reply) => {
      const { items, nextCursor } = await exports.list(request.query);
      linkNextPage(request, reply, nextCursor);
      return items;
    },
  );

  app.get(
    '/exports/:id',
    {
      config,
      schema: {
        tags,
        summary: 'One exported file',
        params: idParams,
        response: { 200: schemas.exportBody, ...notFound, ...unprocessable },
      },
    },
    async (request) => exports.get(request.params.id),
  );

  /** Finds the file and sets the headers that GET and HEAD share. */
  async function prepareDownload(
    request: { params: { id: number } },
    reply: FastifyReply,
  ): Promise<Download & { etag: string }> {
    const file = await exports.download(request.params.id);
    const etag = `"${file.sha256}"`;
    // File names contain only letters, digits, dots and underscores, so they need no escaping.
    reply.headers({
      'Accept-Ranges': 'bytes',
      ETag: etag,
      'Last-Modified': file.completedAt.toUTCString(),
      'Content-Type': 'application/octet-stream',
      'Content-Disposition': `attachment; filename="${file.fileName}"`,
    });
    return { ...file, etag };
  }

  app.get(
    '/exports/:id/download',
    {
      config: { ...config, audit: { action: 'export.download', target: 'export' } },
      // Fastify's own HEAD route would read the whole file and discard it.
      exposeHeadRoute: false,
      schema: {
        tags,
        summary: 'The file itself; a download that broke off can be resumed with Range',
        params: idParams,
        headers: schemas.downloadHeaders,
        response: { ...schemas.downloadAnswers, ...notFound, ...gone, ...rangeNotSatisfiable, ...unprocessable },
      },
    },
    async (request, reply) => {
      const { headers } = request;
      const file = await prepareDownload(request, reply);
      if (isNotModified(headers['if-none-match'], file.etag)) return reply.status(304).send(null);
      const range = findRange(headers, { size: file.bytes, etag: file.etag, modifiedAt: file.completedAt });
      const content = await file.open(range);
      if (range) reply.header('Content-Range', `bytes ${range.start}-${range.end}/${file.bytes}`);
      reply.header('Content-Length', range ? range.end - range.start + 1 : file.bytes);
      return reply.status(range ? 206 : 200).send(content);
    },
  );

  app.head('/exports/:id/download', { config, schema: { hide: true, params: idParams } }, async (request, reply) => {
    const { bytes } = await prepareDownload(request, reply);
    return reply.header('Content-Length', bytes).send();
  });

  app.delete(
    '/exports/:id',
    {
      config: { access: 'admin', audit: { action: 'export.delete', target: 'export' } },
      schema: {
        tags,
        summary: 'Delete an exported file; its record stays',
        params: idParams,
        response: { 200: schemas.deletedExport, ...notFound, ...unprocessable },
      },
    },
    async (request) => {
      const { id } = request.params;
      await exports.remove(id);
      return { success: true as const, id, message: 'The file was deleted' };
    },
  );
}
