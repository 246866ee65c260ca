import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { createOpenapiDocument } from './openapi/openapi-document';

const TARGET = path.resolve('docs/openapi.json');

createOpenapiDocument()
  .then((document) => {
    writeFileSync(TARGET, `${JSON.stringify(document, null, 2)}\n`);
    console.log(`${TARGET} written`);
  })
  .catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
