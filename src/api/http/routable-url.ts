/**
 * The same URL in a form that the router can always read: an escape that is not UTF-8 stands for its own characters.
 * What the router refuses would be answered before any hook, and so before the token gate.
 */
export function routableUrl(url: string): string {
  // Absolute form is what proxies are sent; `*` is all of the server.
  const [, path = '', rest = ''] = /^(?:https?:\/\/[^/?#]*)?([^?#]*)(.*)$/is.exec(url) ?? [];
  const readable = path.replace(/(?:%[\da-f]{2})+|%/gi, (escapes) =>
    isReadable(escapes) ? escapes : escapes.replaceAll('%', '%25'),
  );
  return (readable.startsWith('/') ? readable : `/${readable}`) + rest;
}

function isReadable(escapes: string): boolean {
  try {
    decodeURIComponent(escapes);
    return true;
  } catch {
    return false;
  }
}
