/** The time as a Time of the Kubernetes API: RFC 3339 in UTC without fractions, which are cut off. */
export function wholeSecondTime(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}
