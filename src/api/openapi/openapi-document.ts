import { version } from '../../../package.json';
import { createApp } from '../app';
import type { Services } from '../services/create-services';

/** The API's OpenAPI document. Routes touch their services only when they are called, so none are needed. */
export async function createOpenapiDocument(): Promise<object> {
  const app = await createApp({ jwtSecret: 'signs nothing' } as Services, { version });
  try {
    return app.swagger();
  } finally {
    await app.close();
  }
}
