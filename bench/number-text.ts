import type { Unit } from './figure.ts';

/** A number as people read it: three digits that count, thousands apart; a dash for what is not known. */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const digits = Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { maximumFractionDigits: digits, minimumFractionDigits: digits });
}

/** A number with its unit. */
export function quantityText(value: number, unit: Unit): string {
  if (unit === 'ms' && Math.abs(value) >= 10_000) return `${numberText(value / 1000)} s`;
  return unit === 'percent' ? `${numberText(value)} %` : `${numberText(value)} ${unit}`;
}
