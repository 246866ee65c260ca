import { version } from '../../../package.json';
import { createApp } from '../app';
import type { Services } from '../services/create-services';

/** Builds the OpenAPI document. Routes use their services only when they are called, so no services are needed. */
export async function createOpenapiDocument(): Promise<object> {
  const app = await createApp({ jwtSecret: 'signs nothing' } as Services, { version });
  try {
    return app.swagger();
  } finally {
    await app.close();
  }
}
