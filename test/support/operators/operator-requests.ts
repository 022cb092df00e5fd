import { readFile } from 'node:fs/promises';
import { fieldOf, parsedJson, textOf } from '../../../src/base/json.ts';
import type { ControlPlaneAddress } from '../control-plane/protocol.ts';

/** One request of the operator, as the API server noted it. */
export interface NotedRequest {
  readonly verb: string;
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  /** The path with its query. */
  readonly uri: string;
  /** 0 where the API server did not live to answer, or answers still. */
  readonly code: number;
}

/**
 * What the operator asked of the API server so far, by the API server's own audit log: an account of it that owes nothing
 * to the operator. A watch counts once, and a deletion that an API server died over is in it.
 */
export async function operatorRequests({
  auditLogPath,
}: Pick<ControlPlaneAddress, 'auditLogPath'>): Promise<readonly NotedRequest[]> {
  const byId = new Map<string, NotedRequest>();
  for (const line of (await readFile(auditLogPath, 'utf8')).split('\n')) {
    // The last line of an API server that was killed may end in the middle.
    const event = parsedJson(line);
    if (event === undefined) {
      continue;
    }
    const reference = fieldOf(event, 'objectRef');
    byId.set(textOf(fieldOf(event, 'auditID')), {
      verb: textOf(fieldOf(event, 'verb')),
      resource: [textOf(fieldOf(reference, 'resource')), textOf(fieldOf(reference, 'subresource'))]
        .filter((text) => text !== '')
        .join('/'),
      namespace: textOf(fieldOf(reference, 'namespace')),
      name: textOf(fieldOf(reference, 'name')),
      uri: textOf(fieldOf(event, 'requestURI')),
      code: Number(fieldOf(fieldOf(event, 'responseStatus'), 'code') ?? 0),
    });
  }
  return [...byId.values()];
}
