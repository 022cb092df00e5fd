import { BlockList, isIP } from 'node:net';

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy that the environment names for this server: `HTTPS_PROXY` for https, `HTTP_PROXY` for http, except for the
 * hosts of `NO_PROXY`, each also in lower case; undefined for a direct connection. The rules are those of Go
 * (https://pkg.go.dev/golang.org/x/net/http/httpproxy), which kubectl follows for a cluster without `proxy-url`. A
 * value without a scheme is an http proxy. `localhost` and loopback addresses never have a proxy.
 */
export function proxyFromEnvironment(server: string, environment: Environment): string | undefined {
  const url = new URL(server);
  const scheme = url.protocol === 'https:' ? 'HTTPS' : 'HTTP';
  const proxy = variable(environment, `${scheme}_PROXY`);
  if (proxy === undefined || isExcluded(url, variable(environment, 'NO_PROXY') ?? '')) {
    return undefined;
  }
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(proxy) ? proxy : `http://${proxy}`;
}

function variable(environment: Environment, name: string): string | undefined {
  return [environment[name], environment[name.toLowerCase()]].find((value) => value !== undefined && value !== '');
}

function isExcluded(url: URL, noProxy: string): boolean {
  const host = url.hostname
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase();
  const usualPort = url.protocol === 'https:' ? '443' : '80';
  const port = url.port === '' ? usualPort : url.port;
  if (host === 'localhost' || isWithin(host, '127.0.0.0/8') || host === '::1') {
    return true;
  }
  const entries = noProxy.split(',').map((entry) => entry.trim().toLowerCase());
  return entries.some((entry) => entry !== '' && matches(entry, { host, port }));
}

/**
 * Whether an entry of NO_PROXY matches: `*`, an address, a CIDR block, or a domain, the latter with a port if need be.
 */
function matches(entry: string, { host, port }: { readonly host: string; readonly port: string }): boolean {
  if (entry === '*') {
    return true;
  }
  if (entry.includes('/')) {
    return isWithin(host, entry);
  }
  const [, name = entry, wantedPort] = /^(\[[^\]]*\]|[^:]*):(\d+)$/.exec(entry) ?? [];
  if (wantedPort !== undefined && wantedPort !== port) {
    return false;
  }
  return isSameHost(host, name.replace(/^\[|\]$/g, ''));
}

/** `example.com` is that domain and all below it; `.example.com` and `*.example.com` are only those below it. */
function isSameHost(host: string, name: string): boolean {
  if (isIP(name) !== 0) {
    return isWithin(host, `${name}/${isIP(name) === 4 ? 32 : 128}`);
  }
  const suffix = name.replace(/^\*/, '');
  return suffix.startsWith('.') ? host.endsWith(suffix) : host === suffix || host.endsWith(`.${suffix}`);
}

function isWithin(host: string, cidr: string): boolean {
  const [address = '', length = ''] = cidr.split('/');
  const family = isIP(address);
  const bits = family === 4 ? 32 : 128;
  if (family === 0 || isIP(host) !== family || !/^\d{1,3}$/.test(length) || Number(length) > bits) {
    return false;
  }
  const block = new BlockList();
  const name = family === 4 ? 'ipv4' : 'ipv6';
  block.addSubnet(address, Number(length), name);
  return block.check(host, name);
}
