const WHOLE_NUMBER = /^(0|[1-9][0-9]{0,38})$/;

/**
 * Negative if `first` is older than `second`, 0 if they are equal, positive if `first` is newer; `undefined` if they
 * cannot be compared. The decimal versions of one resource type increase with time
 * (https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions), except across an etcd restore.
 * They are compared as text because they may be too large for a JavaScript number.
 */
export function resourceVersionOrder(first: string | undefined, second: string | undefined): number | undefined {
  if (first === undefined || second === undefined) {
    return undefined;
  }
  if (!WHOLE_NUMBER.test(first) || !WHOLE_NUMBER.test(second)) {
    return undefined;
  }
  if (first.length !== second.length) {
    return first.length - second.length;
  }
  if (first === second) {
    return 0;
  }
  return first < second ? -1 : 1;
}

/** Whether `first` is certainly older than `second`. */
export function isOlderVersion(first: string | undefined, second: string | undefined): boolean {
  const order = resourceVersionOrder(first, second);
  return order !== undefined && order < 0;
}
