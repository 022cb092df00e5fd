import { z } from 'zod';
import type { ListenAddress } from '../telemetry/probes.ts';

const ADDRESS = /^(?:\[([0-9a-fA-F:.]{2,45})\]|([A-Za-z0-9.-]{0,253})):(\d{1,5})$/;

/** `:8080` (every address), `127.0.0.1:8080`, `[::1]:8080`, `localhost:0` (any free port). */
export const listenAddressSchema = z.string().transform((text, context): ListenAddress => {
  const [, ipv6, host, portText] = ADDRESS.exec(text) ?? [];
  const port = Number(portText);
  if (portText === undefined || port > 65_535) {
    context.addIssue({
      code: 'custom',
      message: 'write host:port, such as :8080, 127.0.0.1:8080 or [::1]:8080 (port 0 to 65535, 0 for any free one)',
    });
    return z.NEVER;
  }
  const address = ipv6 ?? host ?? '';
  return address === '' ? { port } : { host: address, port };
});
