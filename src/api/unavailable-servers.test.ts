import { ServiceError } from '@temporalio/client';
import { NamespaceNotFoundError } from '@temporalio/common';
import { toErrorResponse } from './error-responses';

const failure = (fields: object) => Object.assign(new Error('failed'), fields);
const grpc = (code: number) => failure({ code, details: 'x', metadata: {} });
const statusOf = (error: unknown) => toErrorResponse(error).status;

test.each([
  ['a refused connection', failure({ code: 'ECONNREFUSED' })],
  ['a host that is not found', failure({ code: 'ENOTFOUND' })],
  ['a host without a route', failure({ code: 'EHOSTUNREACH' })],
  ['a full disk of PostgreSQL', failure({ code: '53100', severity: 'ERROR' })],
  ['too many connections', failure({ code: '53300', severity: 'FATAL' })],
  ['a changed password of PostgreSQL', failure({ code: '28P01', severity: 'FATAL' })],
  ['a database that is gone', failure({ code: '3D000', severity: 'FATAL' })],
  ['a standby', failure({ code: '25006', severity: 'ERROR' })],
  ['a deadlock', failure({ code: '40P01', severity: 'ERROR' })],
  ['a statement that PostgreSQL ended', failure({ code: '57014', severity: 'ERROR' })],
  ['a broken disk', failure({ code: '58030', severity: 'ERROR' })],
  ['damaged data', failure({ code: 'XX001', severity: 'ERROR' })],
  ['a wrapped error', failure({ nativeError: failure({ code: '57P03' }) })],
  ['a full Redis', failure({ name: 'ReplyError', message: "OOM command not allowed when used memory > 'maxmemory'." })],
  ['a Redis that loads', failure({ name: 'ReplyError', message: 'LOADING Redis is loading the dataset in memory' })],
  ['a Redis whose password changed', failure({ name: 'ReplyError', message: 'WRONGPASS invalid pair' })],
  ['a Redis that is closed', failure({ message: 'Connection is closed.' })],
  ['a Temporal that is away', new ServiceError('failed', { cause: grpc(14) })],
  ['a Temporal that is full', grpc(8)],
  ['a Temporal that does not know us', new ServiceError('failed', { cause: grpc(7) })],
  ['a missing namespace', new NamespaceNotFoundError('nowhere')],
])('%s is a 503', (_what, error) => expect(statusOf(error)).toBe(503));

test.each([
  ['an error of our own', failure({})],
  ['a wrong query', failure({ code: '42601', severity: 'ERROR' })],
  ['a wrong command', failure({ name: 'ReplyError', message: 'ERR unknown command' })],
  ['a wrong request to Temporal', new ServiceError('failed', { cause: grpc(3) })],
])('%s is a 500', (_what, error) => expect(statusOf(error)).toBe(500));
