/** What a number counts. */
export type Unit = 'ms' | 'MiB' | 'KiB' | 'bytes' | 'requests' | 'millicores' | 'objects' | 'percent';

/** A number as people read it: three digits that count, thousands apart; a dash for what is not known. */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) {
    return '–';
  }
  const digits = fractionDigitsOf(value);
  return value.toLocaleString('en-US', { maximumFractionDigits: digits, minimumFractionDigits: digits });
}

function fractionDigitsOf(value: number): number {
  if (Math.abs(value) >= 100 || Number.isInteger(value)) {
    return 0;
  }
  return Math.abs(value) >= 10 ? 1 : 2;
}

/** A number with its unit. */
export function quantityText(value: number, unit: Unit): string {
  if (unit === 'ms' && Math.abs(value) >= 10_000) {
    return `${numberText(value / 1000)} s`;
  }
  return unit === 'percent' ? `${numberText(value)} %` : `${numberText(value)} ${unit}`;
}

/** Bytes as whole mebibytes. */
export function mebibytesText(bytes: number): string {
  return quantityText(Math.round(bytes / MEBIBYTE_BYTES), 'MiB');
}

/** The bytes of a mebibyte. */
export const MEBIBYTE_BYTES = 1024 ** 2;
