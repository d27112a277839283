import { describe, expect, it } from 'vitest';
import { AddressPatterns, NamePatterns, network, PathPatterns } from './filterPatterns.js';

const endpoint = (ip: string, port: number): { ip: string; port: number; text: string } => ({
  ip,
  port,
  text: ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`,
});

describe('patterns of filters', () => {
  it.each([
    ['/a', '/a', true],
    ['/a', '/a/b', false],
    ['/a/**', '/a', true],
    ['/a/**', '/a/b/c', true],
    ['/a/**', '/ab', false],
    ['/**', '/', true],
    ['/a/*', '/a/b', true],
    ['/a/*', '/a/b/c', false],
    ['/a/*/c', '/a/.b/c', true],
    ['/**/lock-*', '/x/y/lock-0000000001', true],
    ['/a[1]', '/a[1]', true],
    ['/a[1]/**', '/a1/b', true],
    ['/{a,b}/c', '/b/c', true],
  ])('path %s, of %s: %s', (pattern, path, fits) => {
    expect(new PathPatterns([pattern]).fits(path)).toBe(fits);
  });

  it('names are exact or globs', () => {
    const patterns = new NamePatterns(['ping', 'get*']);
    expect(['ping', 'getData', 'get', 'Ping', 'setData'].map((name) => patterns.fits(name))).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });

  it('addresses are hosts, hosts with a port, or networks of either family', () => {
    const patterns = new AddressPatterns(['10.0.0.1', '10.0.0.2:80', '10.77.0.0/24', 'fd77::/64']);
    const fitting: [string, number, boolean][] = [
      ['10.0.0.1', 5, true],
      ['10.0.0.2', 80, true],
      ['10.0.0.2', 81, false],
      ['10.77.0.255', 1, true],
      ['10.77.1.0', 1, false],
      ['fd77::9', 1, true],
      ['fd78::9', 1, false],
    ];
    for (const [ip, port, fits] of fitting) {
      expect(patterns.fits(endpoint(ip, port)), ip).toBe(fits);
      expect(patterns.fitsText(endpoint(ip, port).text), ip).toBe(fits);
    }
    expect(network('10.0.0.0/33')).toBeNull();
    expect(network('host/8')).toBeNull();
  });
});
