import { RequestFaultsError } from '../errors';
import { toFaultItems, type FaultItem } from '../fault-items';
import { findUnstorableTexts } from '../unstorable-texts';
import type { FastifyInstance, FastifySchemaCompiler } from 'fastify';
import type { z } from 'zod';

/**
 * Marks what stands in place of a part of the request that cannot be used, until all parts have been looked at. A
 * symbol and no class: Fastify copies the properties of headers into an object of its own.
 */
const FAULTS = Symbol('faults');
const unusable = (items: FaultItem[]) => ({ value: { [FAULTS]: items } });
const faultsOf = (part: unknown) => (part as { [FAULTS]?: FaultItem[] } | null | undefined)?.[FAULTS] ?? [];

/** A body that is not JSON. It only matters to routes that take one. */
class UnreadableBody {
  constructor(
    readonly offset: number,
    readonly reason: string,
  ) {}
}

const WHERE = { body: 'body', querystring: 'query', params: 'path', headers: 'header' };

const compile: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart }) => {
  const where = WHERE[httpPart as keyof typeof WHERE];
  return (data: unknown) => {
    if (data instanceof UnreadableBody) return unusable([{ type: 'json_invalid', loc: ['body', data.offset], msg: 'JSON decode error', input: {}, ctx: { error: data.reason } }]);
    const unstorable = findUnstorableTexts(data);
    if (unstorable.tooDeep) return unusable(toFaultItems(where, [unstorable.tooDeep], undefined));
    const parsed = schema.safeParse(data, { reportInput: true });
    const issues = [...unstorable.issues, ...(parsed.error?.issues ?? [])];
    if (!parsed.success || issues.length > 0) return unusable(toFaultItems(where, issues, data));
    // Header schemas name only what the route reads; the others stay.
    return { value: where === 'header' ? data : parsed.data };
  };
};

function readJson(text: string): unknown {
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    const { message } = error as SyntaxError;
    return new UnreadableBody(Number(/position (\d+)/.exec(message)?.[1] ?? text.length), message);
  }
}

/** Checks path, query and body by their zod schemas and reports all faults at once. */
export function installRequestValidation(app: FastifyInstance): void {
  app.setValidatorCompiler(compile);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (request, body, done) => {
    const type = request.headers['content-type'] ?? '';
    const isJson = type === '' || /^application\/([\w.+-]+\+)?json\b/i.test(type);
    done(null, isJson ? readJson(body as string) : body);
  });
  app.addHook('preHandler', async (request) => {
    const items = [request.params, request.query, request.headers, request.body].flatMap(faultsOf);
    if (items.length > 0) throw new RequestFaultsError(items);
  });
}
