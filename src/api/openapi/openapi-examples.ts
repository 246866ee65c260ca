import { apiKeyExamples } from './examples/api-keys';
import { auditExamples } from './examples/audit';
import { authExamples } from './examples/auth';
import { configExamples } from './examples/configs';
import { executeExamples } from './examples/execute';
import { executionExamples } from './examples/executions';
import { redditExamples } from './examples/reddit';
import { scheduleExamples } from './examples/schedules';
import { userExamples } from './examples/users';
import type { Examples } from './examples/example';

export const EXAMPLES: Examples = {
  ...authExamples,
  ...apiKeyExamples,
  ...userExamples,
  ...configExamples,
  ...scheduleExamples,
  ...executeExamples,
  ...executionExamples,
  ...redditExamples,
  ...auditExamples,
};
