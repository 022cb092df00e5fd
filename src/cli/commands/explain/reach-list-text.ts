import { tableText } from '../../views/text-table.ts';
import type { ReachList } from './explanation-schema.ts';

/** A list for people: who can or may, and in one line how many cannot. */
export function reachListText(list: ReachList, look: { readonly isColoured: boolean }): string {
  const shown = list.items.filter((item) => item.allowed.length > 0 || item.undefined.length > 0);
  const hidden = list.items.filter((item) => !shown.includes(item) && item.denied.length > 0).length;
  const portless = list.items.length - shown.length - hidden;
  const rows = shown.map((item) => [
    item.workload,
    item.kind === '' ? '-' : item.kind,
    item.allowed.length === 0 ? '-' : { text: item.allowed.join(', '), tone: 'good' as const },
    item.undefined.length === 0 ? '-' : { text: item.undefined.join(', '), tone: 'warning' as const },
    item.denied.length === 0 ? '-' : item.denied.join(', '),
  ]);
  const heading = list.direction === 'whoCanReach' ? 'FROM' : 'TO';
  const table = rows.length === 0 ? '' : tableText([heading, 'KIND', 'ALLOWED', 'UNDEFINED', 'DENIED'], rows, look);
  const denied = hidden === 0 ? '' : `denied on every port: ${hidden}\n`;
  const without = portless === 0 ? '' : `without a declared port: ${portless} (--port asks about one)\n`;
  return `${table}${denied}${without}`;
}
