import { routableUrl } from './routable-url';

test.each(['/a/b?c=%ff#d', '/%E7%94%A8/x', '/a%2Fb%25', '/'])('%s stays as it is', (url) =>
  expect(routableUrl(url)).toBe(url),
);
test.each([
  ['/a/%ff', '/a/%25ff'],
  ['/a/%?b=%ff', '/a/%25?b=%ff'],
  ['/%zz/%41', '/%25zz/%41'],
  ['/%E7%94', '/%25E7%2594'],
  ['*', '/*'],
  ['http://host/a?b', '/a?b'],
  ['HTTP://host?b=/c', '/?b=/c'],
])('%s becomes %s', (url, routable) => expect(routableUrl(url)).toBe(routable));
