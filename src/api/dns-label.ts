import { BOUNDS } from './bounds.ts';

/** The syntax of a DNS label, apart from its length (https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-label-names). */
export const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/** The syntax of a DNS label, in words. */
export const DNS_LABEL_HINT = `up to ${BOUNDS.labelLength} lower-case letters, digits and "-", with a letter or digit at both ends`;

/** Whether the text is a DNS label. */
export function isDnsLabel(name: string): boolean {
  return name.length <= BOUNDS.labelLength && DNS_LABEL.test(name);
}
