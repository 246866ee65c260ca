import type { z } from 'zod';
import type { createApiKeyBody, NewApiKeyBody } from '../../schemas/api-key-schemas';
import { AT, type Examples } from './example';

export const apiKeyExamples: Examples = {
  'post /api/v1/auth/api-keys': {
    request: { name: 'nightly export', scope: 'read', expires_in_days: 90 } satisfies z.input<typeof createApiKeyBody>,
    answer: {
      id: 3,
      name: 'nightly export',
      prefix: 'tlk_1a2b3c4d',
      scope: 'read',
      created_at: AT,
      expires_at: '2027-05-30T03:30:00.000Z',
      is_expired: false,
      last_used_at: null,
      last_used_address: null,
      key: 'tlk_1a2b3c4d_…',
    } satisfies NewApiKeyBody,
  },
};
