import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import { BlockList, isIP } from 'node:net';

/**
 * Where a customer may have us call: the public internet and nothing else. What a name resolves to is checked when
 * the connection is made, and the checked address is the one that is connected to; what it resolved to a moment
 * before proves nothing.
 */
// Two lists: in one, an IPv4 address would also be looked for as the IPv6 address that it can be written as.
const PRIVATE_4 = new BlockList();
const PRIVATE_6 = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const) {
  PRIVATE_4.addSubnet(network, prefix, 'ipv4');
}
// Of IPv6 only what is given out for the internet (2000::/3) is left, without the ways to write an IPv4 address in it.
for (const [network, prefix] of [
  ['::', 3],
  ['4000::', 2],
  ['8000::', 1],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const) {
  PRIVATE_6.addSubnet(network, prefix, 'ipv6');
}

/** Whether an address is one of nobody's, of this machine or of a closed network. */
export function isPrivate(address: string): boolean {
  return isIP(address) === 6 ? PRIVATE_6.check(address, 'ipv6') : PRIVATE_4.check(address, 'ipv4');
}

interface Allowed {
  /** Private addresses, and http. */
  readonly private: boolean;
  readonly plainHttp: boolean;
}

/** What is wrong with an address, as the end of a sentence; undefined when it may be called. */
export function faultOf(address: string, allowed: Allowed): string | undefined {
  if (!URL.canParse(address)) return 'is no address';
  const { protocol, hostname, username, password } = new URL(address);
  if (protocol !== 'https:' && !(protocol === 'http:' && allowed.plainHttp)) return 'must begin with https://';
  if (username !== '' || password !== '') return 'may hold no user name and no password';
  // The parser has made one form of all the ways to write an address: 0x7f.1 is 127.0.0.1 by now.
  const host = hostname.replace(/^\[|\]$/g, '');
  if (!allowed.private && (isIP(host) === 0 ? isLocalName(host) : isPrivate(host)))
    return 'leads into a closed network';
  return undefined;
}

const isLocalName = (host: string): boolean => !host.includes('.') || /\.(localhost|local|internal)\.?$/.test(host);

type Found = (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void;

/** A name look-up that finds no private address. */
export function publicLookup(hostname: string, options: LookupOptions, found: Found): void {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    const open = error ? [] : addresses.filter(({ address }) => !isPrivate(address));
    const [first] = open;
    if (!first) found(error ?? new Error(`${hostname} leads into a closed network`), []);
    else if (options.all) found(null, open);
    else found(null, first.address, first.family);
  });
}
