import { z } from 'zod';
import { fields } from './user-schemas';

export const forgotBody = z.object({ email: fields.email });
export const verifyQuery = z.object({ token: z.string().optional() });
export const verifyBody = z
  .object({ token: z.string().optional() })
  .nullish()
  .describe('The token, where it is not in the query');
export const resetBody = z.object({ token: z.string(), new_password: fields.longNewPassword });
