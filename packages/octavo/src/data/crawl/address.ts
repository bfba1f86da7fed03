/** Which addresses belong to the public Internet. Source: the IANA registries of special-purpose addresses (RFC 6890). */
import { BlockList, isIP } from 'node:net';

const refused4: readonly (readonly [string, number, string])[] = [
  ['0.0.0.0', 8, 'this network'],
  ['10.0.0.0', 8, 'private'],
  ['100.64.0.0', 10, 'shared by a carrier'],
  ['127.0.0.0', 8, 'loopback'],
  ['169.254.0.0', 16, 'link-local'],
  ['172.16.0.0', 12, 'private'],
  ['192.0.0.0', 24, 'reserved'],
  ['192.0.2.0', 24, 'documentation'],
  ['192.31.196.0', 24, 'reserved'],
  ['192.52.193.0', 24, 'reserved'],
  ['192.88.99.0', 24, '6to4 relay'],
  ['192.168.0.0', 16, 'private'],
  ['192.175.48.0', 24, 'reserved'],
  ['198.18.0.0', 15, 'benchmarking'],
  ['198.51.100.0', 24, 'documentation'],
  ['203.0.113.0', 24, 'documentation'],
  ['224.0.0.0', 4, 'multicast'],
  ['240.0.0.0', 4, 'reserved'],
];

/** Of IPv6 only 2000::/3 is given out; these parts of it are not the public Internet. */
const refused6: readonly (readonly [string, number, string])[] = [
  ['2001::', 23, 'reserved or Teredo'],
  ['2001:db8::', 32, 'documentation'],
  ['2002::', 16, '6to4'],
  ['3fff::', 20, 'documentation'],
  ['5f00::', 16, 'segment routing'],
];

const listOf = (ranges: typeof refused4, family: 'ipv4' | 'ipv6') =>
  ranges.map(([network, prefix, why]) => {
    const list = new BlockList();
    list.addSubnet(network, prefix, family);
    return { list, why };
  });
const lists4 = listOf(refused4, 'ipv4');
const lists6 = listOf(refused6, 'ipv6');
const given6 = new BlockList();
given6.addSubnet('2000::', 3, 'ipv6');

/** The eight groups of an IPv6 address that `isIP` has accepted. */
function groupsOf(address: string): readonly number[] {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  let plain = address;
  if (dotted !== null) {
    const [, head = '', a, b, c, d] = dotted;
    plain = `${head}${(Number(a) * 256 + Number(b)).toString(16)}:${(Number(c) * 256 + Number(d)).toString(16)}`;
  }
  const [left = '', right] = plain.split('::');
  const read = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)));
  const head = read(left);
  if (right === undefined) return head;
  const tail = read(right);
  return [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail];
}

const startsWith = (groups: readonly number[], prefix: readonly number[]): boolean =>
  prefix.every((group, at) => groups[at] === group);

/** Why an address is not to be connected to, or `undefined` for one of the public Internet. */
export function refusedAddress(address: string): string | undefined {
  const [bare = '', zone] = address.replace(/^\[|\]$/g, '').split('%');
  const version = isIP(bare);
  if (version === 0) return 'not an address';
  if (version === 4) return lists4.find(({ list }) => list.check(bare, 'ipv4'))?.why;
  if (zone !== undefined) return 'an address with a zone';
  const groups = groupsOf(bare);
  const [high = 0, low = 0] = groups.slice(6);
  const inside = () => refusedAddress(`${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`);
  // IPv4 in IPv6 is judged by the IPv4 address: mapped (RFC 4291) and NAT64 (RFC 6052).
  if (startsWith(groups, [0, 0, 0, 0, 0, 0xffff]) || startsWith(groups, [0x64, 0xff9b, 0, 0, 0, 0])) return inside();
  if (!given6.check(bare, 'ipv6')) return 'not of the public Internet';
  return lists6.find(({ list }) => list.check(bare, 'ipv6'))?.why;
}
