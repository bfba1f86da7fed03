/** Sizes, counts and times as people read and write them. */

const binary = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
const decimal = ['', 'k', 'M', 'G', 'T', 'P', 'E'];

const scaled = (
  value: number,
  base: number,
  names: readonly string[],
): { readonly value: number; readonly name: string } => {
  let level = 0;
  let rest = Math.abs(value);
  // 999.5 would print as 1000 in three digits, so it belongs to the next unit.
  while (rest >= (base === 1000 ? 999.5 : base) && level < names.length - 1) {
    rest /= base;
    level += 1;
  }
  return { value: Math.sign(value) * rest, name: names[level] ?? '' };
};

const threeDigits = (value: number): string => {
  const size = Math.abs(value);
  return Number.isInteger(value) || size >= 99.95 ? value.toFixed(0) : value.toFixed(size >= 9.995 ? 1 : 2);
};

/** 1536 → "1.50 KiB". */
export const formatBytes = (bytes: number): string => {
  const { value, name } = scaled(bytes, 1024, binary);
  return `${threeDigits(value)} ${name}`;
};

/** 10_700_000 → "10.7M", 6e13 → "60T". */
export const formatCount = (count: number): string => {
  const { value, name } = scaled(count, 1000, decimal);
  return `${threeDigits(value)}${name}`;
};

/** 10_700_000 → "10,700,000": to the last one. */
export const formatExact = (count: number): string => count.toLocaleString('en-US');

/** 65_000 → "1m 05s". */
export const formatDuration = (milliseconds: number): string => {
  if (!Number.isFinite(milliseconds)) return '–';
  if (milliseconds < 999.5) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 9_950) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  const two = (value: number) => String(value).padStart(2, '0');
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${two(seconds % 60)}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1440) return `${Math.floor(minutes / 60)}h ${two(minutes % 60)}m`;
  return `${Math.floor(minutes / 1440)}d ${two(Math.floor((minutes % 1440) / 60))}h`;
};

const unitBytes: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};
export const bytesPattern = /^(\d+(?:\.\d+)?)\s*(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)$/;

/** "2GB" → 2_000_000_000, "512 MiB" → 536_870_912; undefined for anything else. */
export const parseBytes = (text: string): number | undefined => {
  const [, amount, unit] = bytesPattern.exec(text.trim()) ?? [];
  return unit === undefined ? undefined : Math.floor(Number(amount) * (unitBytes[unit] ?? Number.NaN));
};

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** "10m" → 600_000, "1h30m" → 5_400_000; undefined for anything else. */
export const parseDuration = (text: string): number | undefined => {
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d)\s*)+$/.test(text.trim())) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g))
    total += Number(amount) * (unitMs[unit ?? ''] ?? 0);
  return total;
};
