import { dirname, isAbsolute, join } from 'node:path';
import { stringFieldOf } from '../../base/json.ts';

/** A text that a kubeconfig contains itself, or the path of the file that contains it. */
export type TextSource = { readonly text: string } | { readonly path: string };

/** The text of a field; undefined if it is absent or empty, which kubectl treats alike. */
export function textIn(entry: unknown, field: string): string | undefined {
  const text = stringFieldOf(entry, field);
  return text === '' ? undefined : text;
}

/** The source of a PEM text: the base64 of `<field>-data`, or the file of `<field>`. */
export function sourceOf(kubeconfigPath: string, entry: unknown, field: string): TextSource | undefined {
  const data = textIn(entry, `${field}-data`);
  if (data !== undefined) {
    return { text: Buffer.from(data, 'base64').toString('utf8') };
  }
  const file = textIn(entry, field);
  return file === undefined ? undefined : { path: absolutePath(kubeconfigPath, file) };
}

/** The path; a relative one starts from the folder of the kubeconfig. */
export function absolutePath(kubeconfigPath: string, path: string): string {
  return isAbsolute(path) ? path : join(dirname(kubeconfigPath), path);
}

/** Whether the field is absent or valid base64, as Go decodes it: with padding, line breaks allowed. */
export function isBase64(data: string | undefined): boolean {
  const text = (data ?? '').replaceAll(/[\r\n]/g, '');
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}
