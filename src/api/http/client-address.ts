import ipaddr from 'ipaddr.js';
import type { IncomingHttpHeaders } from 'node:http';

export interface Origin {
  /** The client's IP address, in at most 45 characters. */
  address: string;
  /** The peer sent X-Forwarded-For, and is not among the trusted proxies. */
  isForwardedByStranger: boolean;
}

/**
 * The IP address in a text as proxies write it, in one spelling: without port, brackets and zone, and IPv4 within IPv6
 * as IPv4. Undefined for everything else (`unknown`, names, the hidden identifiers of RFC 7239).
 */
export function parseAddress(text: string): string | undefined {
  const bare =
    /^\[([^\]]*)\](?::\d{1,5})?$/.exec(text)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d{1,5}$/.exec(text)?.[1] ?? text;
  const [address = ''] = bare.split('%');
  // ipaddr.js also reads the forms 1, 1.2, 0x7f.1 and octal numbers.
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(address) && !address.includes(':')) return undefined;
  if (!ipaddr.isValid(address)) return undefined;
  return ipaddr.process(address).toString();
}

/**
 * Finds the client of a request behind the given proxies (networks in CIDR notation). X-Forwarded-For is read from the
 * right, as long as the address that told the next one is trusted. What is not an IP address ends the search, and the
 * last proxy counts as the client.
 */
export function createOriginReader(trustedNetworks: string[]) {
  const networks = trustedNetworks.map((network) => ipaddr.parseCIDR(network));
  const isTrusted = (address: string) => {
    const parsed = ipaddr.process(address);
    return networks.some(([network, length]) => parsed.kind() === network.kind() && parsed.match(network, length));
  };

  return function readOrigin(peerText: string, headers: IncomingHttpHeaders): Origin {
    let address = parseAddress(peerText) ?? peerText;
    const told = [headers['x-forwarded-for'] ?? []]
      .flat()
      .join(',')
      .split(',')
      .map((text) => text.trim());
    const hops = told.filter(Boolean);
    if (hops.length > 0 && !(ipaddr.isValid(address) && isTrusted(address)))
      return { address, isForwardedByStranger: true };
    for (const hop of hops.reverse()) {
      if (!isTrusted(address)) break;
      const next = parseAddress(hop);
      if (next === undefined) break;
      address = next;
    }
    return { address, isForwardedByStranger: false };
  };
}
