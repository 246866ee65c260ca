/**
 * The URL in a form that the router accepts: `%` is escaped where percent-encoding is invalid or not UTF-8. Otherwise
 * the router would refuse the request before any hook runs, and so before authentication.
 */
export function routableUrl(url: string): string {
  // Request targets (RFC 9112, section 3.2): the absolute form is for proxies; `*` means the server itself.
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
