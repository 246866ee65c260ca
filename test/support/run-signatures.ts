import { randomBytes } from 'node:crypto';
import { createRunSignatures } from '../../src/platform/run-signatures';

export const SECRET = randomBytes(32).toString('hex');
export const signatures = createRunSignatures(SECRET);
