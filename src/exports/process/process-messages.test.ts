import { classifyFailure } from '../../activities/failures';
import { FileStoreFullError } from '../../platform/files/file-store';
import { packError, unpackError } from './process-messages';

const carried = (error: unknown) => unpackError(structuredClone(packError(error)));

test('an error keeps the parts that decide about a retry and those that people read', () => {
  const error = new FileStoreFullError('No room', {
    cause: Object.assign(new Error('write failed'), { code: 'ENOSPC' }),
  });
  const arrived = carried(error);
  expect(arrived).toBeInstanceOf(Error);
  expect(arrived).toMatchObject({
    name: 'FileStoreFullError',
    message: 'No room',
    stack: error.stack,
    cause: { message: 'write failed', code: 'ENOSPC' },
  });
  expect(classifyFailure(arrived)).toEqual(classifyFailure(error));
});

test('PostgreSQL errors stay permanent or retryable; rows quoted in their details are not sent', () => {
  const broken = Object.assign(new Error('bad text'), {
    name: 'error',
    code: '22P02',
    detail: 'Failing row contains (secret)',
  });
  expect(classifyFailure(carried(broken))).toMatchObject({ type: 'PostgresError.22P02', isRetryable: false });
  expect(JSON.stringify(packError(broken))).not.toContain('secret');
  expect(classifyFailure(carried(Object.assign(new Error('gone'), { code: '57P01' })))).toMatchObject({
    isRetryable: true,
  });
  expect(carried('a text')).toMatchObject({ name: 'Error', message: 'a text' });
});
