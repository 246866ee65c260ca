import { createJsonSchemaTransformObject, type createJsonSchemaTransform } from 'fastify-type-provider-zod';
import { errorExampleOf } from './examples/errors';
import { EXAMPLES } from './openapi-examples';
import { linksOf } from './openapi-links';

type Override = NonNullable<
  NonNullable<Parameters<typeof createJsonSchemaTransform>[0]['zodToJsonConfig']>['override']
>;

/**
 * Removes what tells a reader nothing: the limits of JavaScript's integers, the pattern beside a format, and
 * `additionalProperties: false`, since later versions may add fields to responses.
 */
const override: Override = ({ jsonSchema }) => {
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
  if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
};
export const zodToJsonConfig = { override };
const transformDocument = createJsonSchemaTransformObject({ zodToJsonConfig });

interface Content {
  content?: Record<string, { example?: unknown; examples?: object }>;
}
interface Operation {
  requestBody?: Content & { required?: boolean };
  responses?: Record<string, Content & { links?: object; headers?: object }>;
}
interface Document {
  paths?: Record<string, Record<string, Operation>>;
  components?: { schemas?: Record<string, unknown> };
}

/** Names an operation as the document does: `GET` and `/users/:user_id` become `get /users/{user_id}`. */
export const operationKey = (method: string, url: string): string =>
  `${method.toLowerCase()} ${url.replace(/:(\w+)/g, '{$1}')}`;

const RETRY_AFTER = {
  'Retry-After': {
    description: 'In how many seconds to try again',
    required: true,
    schema: { type: 'integer', minimum: 1 },
  },
};

/** /health/ready answers 503 as its state, for probes that ask again by themselves. */
const isApi = (path: string) => path.startsWith('/api/');

function addExample(target: Content | undefined, shown: { example?: unknown; examples?: object }): void {
  if (shown.example === undefined && !shown.examples) return;
  for (const media of Object.values(target?.content ?? {})) Object.assign(media, shown);
}

function completeOperation(method: string, path: string, { requestBody, responses = {} }: Operation): void {
  const operation = `${method} ${path}`;
  const { request, answer } = EXAMPLES[operation] ?? {};
  addExample(requestBody, { example: request });
  for (const [status, response] of Object.entries(responses)) {
    addExample(response, status < '300' ? { example: answer } : errorExampleOf(path, status));
    if (status === '429' || (status === '503' && isApi(path))) response.headers = RETRY_AFTER;
  }
  const linked = linksOf(operation);
  const response = linked && responses[linked.status];
  if (response) response.links = linked.links;
}

/**
 * Adds examples and links to the generated document, and marks the bodies of `optionalBodies` (operation keys) as
 * optional. Removes the `…Input` schemas that the library adds for requests: nothing refers to them.
 */
export const completeDocument =
  (optionalBodies: ReadonlySet<string>): typeof transformDocument =>
  (input) => {
    const document = transformDocument(input);
    const { paths = {}, components: { schemas = {} } = {} } = document as Document;
    for (const name of Object.keys(schemas)) if (name.endsWith('Input')) delete schemas[name];
    for (const [path, methods] of Object.entries(paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        completeOperation(method, path, operation);
        if (operation.requestBody && optionalBodies.has(`${method} ${path}`)) operation.requestBody.required = false;
      }
    }
    return document;
  };
