import { createOriginReader, parseAddress } from './client-address';

test.each([
  ['203.0.113.9', '203.0.113.9'],
  ['203.0.113.9:4711', '203.0.113.9'],
  ['[2001:DB8::1]:443', '2001:db8::1'],
  ['[2001:db8::1]', '2001:db8::1'],
  ['2001:db8:0:0:0:0:0:1', '2001:db8::1'],
  ['::ffff:203.0.113.9', '203.0.113.9'],
  ['fe80::1%eth0', 'fe80::1'],
  [`fe80::1%${'x'.repeat(60)}`, 'fe80::1'],
])('%s is the address %s', (text, address) => expect(parseAddress(text)).toBe(address));

test.each([
  'unknown',
  '_hidden',
  'client.example',
  '1',
  '1.2.3',
  '0x7f.0.0.1',
  '300.1.1.1',
  '203.0.113.9:port',
  '[203.0.113.9',
  '203.0.113.9, 203.0.113.8',
  '1:2',
  'x'.repeat(46),
  '',
])('%p is no address', (text) => expect(parseAddress(text)).toBeUndefined());

const readOrigin = createOriginReader(['10.0.0.0/8', '::1/128']);
const clientOf = (peer: string, forwarded?: string | string[]) => readOrigin(peer, { 'x-forwarded-for': forwarded });

test('without X-Forwarded-For the peer is the client', () => {
  expect(clientOf('198.51.100.7')).toEqual({ address: '198.51.100.7', isForwardedByStranger: false });
  expect(clientOf('::ffff:198.51.100.7').address).toBe('198.51.100.7');
});

test('a trusted proxy names the client, and one proxy names another', () => {
  expect(clientOf('10.0.0.1', '203.0.113.9')).toEqual({ address: '203.0.113.9', isForwardedByStranger: false });
  expect(clientOf('::ffff:10.0.0.1', '203.0.113.9').address).toBe('203.0.113.9');
  expect(clientOf('::1', 'evil, 203.0.113.9, 10.0.0.2:8080').address).toBe('203.0.113.9');
  expect(clientOf('10.0.0.1', ['203.0.113.9', '10.0.0.2']).address).toBe('203.0.113.9');
});

test('what a client says of itself behind the first untrusted address counts for nothing', () => {
  expect(clientOf('10.0.0.1', '198.51.100.1, 203.0.113.9').address).toBe('203.0.113.9');
});

test('the last proxy counts as the client when it names no address', () => {
  expect(clientOf('10.0.0.1', 'unknown').address).toBe('10.0.0.1');
  expect(clientOf('10.0.0.1', `203.0.113.9, ${'x'.repeat(46)}, 10.0.0.2`).address).toBe('10.0.0.2');
});

test('a header of a peer that is no proxy is not believed, and reported', () => {
  expect(clientOf('198.51.100.7', '203.0.113.9')).toEqual({ address: '198.51.100.7', isForwardedByStranger: true });
  expect(createOriginReader([])('127.0.0.1', { 'x-forwarded-for': '203.0.113.9' })).toEqual({
    address: '127.0.0.1',
    isForwardedByStranger: true,
  });
});
