import { createPrivateKey, X509Certificate } from 'node:crypto';

/** Whether the text contains at least one certificate in PEM, as Go's AppendCertsFromPEM demands of an authority. */
export function hasCertificate(pem: string): boolean {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.some((block) => succeeds(() => new X509Certificate(block)));
}

/** The reason why a client certificate and key cannot be used, as the end of a sentence; undefined if they can. */
export function certificatePairProblem({
  cert,
  key,
}: {
  readonly cert: string;
  readonly key: string;
}): string | undefined {
  if (!hasCertificate(cert)) {
    return 'is not a PEM certificate';
  }
  if (!succeeds(() => createPrivateKey(key))) {
    return 'has a key that is not a PEM key';
  }
  return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key)) ? undefined : 'does not belong to its key';
}

function succeeds(attempt: () => unknown): boolean {
  try {
    attempt();
    return true;
  } catch {
    return false;
  }
}
