import ipaddr from 'ipaddr.js';

/** Names that stand for networks, as Express and Fastify have them. */
const NAMED: Record<string, string[]> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
};
/** A wider network takes in most of the Internet: any client could then choose the address that it is known by. */
const LENGTHS = { ipv4: { widest: 8, longest: 32 }, ipv6: { widest: 7, longest: 128 } };

function faultOfPrefix(prefix: string, kind: 'ipv4' | 'ipv6'): string | undefined {
  const { widest, longest } = LENGTHS[kind];
  if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > longest) return `has no length of 0 to ${longest} behind the slash`;
  return Number(prefix) < widest ? 'takes in so much that clients could be proxies' : undefined;
}

function faultOf(entry: string): string | undefined {
  if (NAMED[entry.toLowerCase()]) return undefined;
  if (/^\d+$/.test(entry)) return 'is a number of proxies, which anybody who reaches the API past them could use';
  if (/^(true|false|yes|no|on|off|\*)$/i.test(entry)) return 'believes everybody or nobody';
  const [address = '', ...prefix] = entry.split('/');
  // ipaddr.js also reads 10.1 as an address.
  if (ipaddr.isValid(address) && !/^\d+(\.\d+){0,2}$/.test(address))
    return prefix.length === 0 ? undefined : faultOfPrefix(prefix.join('/'), ipaddr.parse(address).kind());
  const isName = /^[a-z_]([\w.-]*\w)?$/i.test(entry);
  return isName ? 'is a host name, and proxies are known by their addresses' : 'is neither an address nor a network';
}

/** What is wrong with an entry of TRUSTED_PROXIES, and what to do; undefined for a proper one. */
export function faultOfTrustedProxy(entry: string): string | undefined {
  const fault = faultOf(entry);
  return fault && `${fault}: name the addresses of your proxies, such as 10.0.0.7 or 172.16.0.0/12`;
}

/** The networks of proper entries in CIDR notation. */
export function networksOf(entries: string[]): string[] {
  return entries.flatMap((entry) => {
    const named = NAMED[entry.toLowerCase()];
    if (named) return named;
    if (entry.includes('/')) return [entry];
    return [`${entry}/${LENGTHS[ipaddr.parse(entry).kind()].longest}`];
  });
}
