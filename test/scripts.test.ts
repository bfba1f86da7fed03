import { describe, expect, it } from 'vitest';
import { compilerLine, installed } from '../scripts/ensure.mjs';

describe('the line that installs a compiler', () => {
  it.each([
    ['linux', true, 'apt-get', 'apt-get update && apt-get install -y g++ make'],
    ['linux', false, 'apt-get', 'sudo apt-get update && sudo apt-get install -y g++ make'],
    ['linux', false, 'dnf', 'sudo dnf install -y gcc-c++ make'],
    ['linux', true, 'apk', 'apk add g++ make'],
    ['linux', false, 'pacman', 'sudo pacman -S --needed gcc make'],
    ['linux', false, 'none', 'install g++ (C++20) and make with your package manager'],
    ['darwin', false, 'brew', 'xcode-select --install'],
  ])('on %s (root: %s) with %s is: %s', (platform, isRoot, manager, line) => {
    expect(compilerLine(platform, isRoot, (name: string) => name === manager)).toBe(line);
  });
});

describe('whether packages must be installed', () => {
  const a = { version: '1.0.0', integrity: 'sha512-a' };
  const lock = {
    packages: {
      '': {},
      'packages/engine': {},
      'node_modules/a': a,
      'node_modules/mac': { ...a, optional: true, os: ['darwin'] },
    },
  };
  it.each([
    ['all are there', true, { 'node_modules/a': a }],
    ['one is missing', false, {}],
    ['one has another version', false, { 'node_modules/a': { ...a, version: '1.0.1' } }],
    ['one has other contents', false, { 'node_modules/a': { ...a, integrity: 'sha512-b' } }],
    ['others are there as well', true, { 'node_modules/a': a, 'node_modules/b': a }],
  ])('when %s: fresh is %s', (_, fresh, packages) => expect(installed(lock, { packages })).toBe(fresh));
});
