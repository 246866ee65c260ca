import type { AuditBody } from '../../schemas/audit-schemas';
import { config } from './configs';
import { AT, type Examples } from './example';

export const auditExamples: Examples = {
  'get /api/v1/audit-log': {
    answer: [
      {
        id: 7,
        timestamp: AT,
        actor_id: 1,
        actor_name: 'admin',
        api_key: null,
        action: 'config.create',
        target_type: 'task_config',
        target_id: '2',
        outcome: 'succeeded',
        status: 201,
        address: '127.0.0.1',
        user_agent: 'curl/8.5.0',
        request_id: '6f1f4b53-6a7e-4c1c-9d0c-4a1f0f6b2c11',
        details: { name: config.name, task_type: 'REDDIT_SCRAPE', scheduler_type: 'cron' },
      } satisfies AuditBody,
    ],
  },
};
