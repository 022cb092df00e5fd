import { describe, expect, test } from 'vitest';
import { proxyFromEnvironment } from '../../../../src/kube/credentials/environment-proxy.ts';

describe('NO_PROXY as Go reads it', () => {
  test.each([
    ['https://api.example.com', 'api.example.com', true],
    ['https://api.example.com', 'example.com', true],
    ['https://api.example.com', '.example.com', true],
    ['https://api.example.com', '*.example.com', true],
    ['https://example.com', '.example.com', false],
    ['https://notexample.com', 'example.com', false],
    ['https://api.example.com', 'other.com, EXAMPLE.com', true],
    ['https://api.example.com:6443', 'example.com:6443', true],
    ['https://api.example.com', 'example.com:6443', false],
    ['https://api.example.com', 'example.com:443', true],
    ['https://10.0.0.1:6443', '10.0.0.1', true],
    ['https://10.0.0.1:6443', '10.0.0.1:6443', true],
    ['https://10.0.0.1:6443', '10.0.0.0/8', true],
    ['https://11.0.0.1', '10.0.0.0/8', false],
    ['https://10.0.0.1', '10.0.0.0/99', false],
    ['https://[fd00::1]:6443', 'fd00::/8', true],
    ['https://[fd00::1]:6443', 'fd00::1', true],
    ['https://[fd00::1]:6443', '[fd00::1]:6443', true],
    ['https://[fd00::1]:6443', '10.0.0.0/8', false],
    ['https://api.example.com', '*', true],
    ['https://api.example.com', '', false],
    ['https://api.example.com', ',,', false],
  ])('%s with %j goes directly: %j', (server, noProxy, isDirect) => {
    const proxy = proxyFromEnvironment(server, { HTTPS_PROXY: 'http://p', NO_PROXY: noProxy });
    expect(proxy).toBe(isDirect ? undefined : 'http://p');
  });

  test.each(['https://localhost:6443', 'https://127.0.0.1', 'https://127.9.9.9', 'https://[::1]'])(
    '%s never has a proxy',
    (server) => {
      expect(proxyFromEnvironment(server, { HTTPS_PROXY: 'http://p' })).toBeUndefined();
    },
  );

  test('upper case wins over lower case, and an empty value counts as absent', () => {
    const server = 'http://api.example.com';
    expect(proxyFromEnvironment(server, { HTTP_PROXY: 'http://a', http_proxy: 'http://b' })).toBe('http://a');
    expect(proxyFromEnvironment(server, { HTTP_PROXY: '', http_proxy: 'http://b' })).toBe('http://b');
  });
});
