/**
 * The time as a MicroTime of the Kubernetes API: RFC 3339 in UTC with exactly six digits after the second
 * (https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/lease-v1/). The last three are 0.
 */
export function microTime(time: Date): string {
  return time.toISOString().replace('Z', '000Z');
}
