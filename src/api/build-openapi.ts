import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { createOpenapiDocument } from './openapi/openapi-document';

const TARGET = path.resolve('docs/openapi.json');

createOpenapiDocument()
  .then((document) => {
    writeFileSync(TARGET, `${JSON.stringify(document, null, 2)}\n`);
    process.stdout.write(`${TARGET} written\n`);
  })
  .catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exitCode = 1;
  });
