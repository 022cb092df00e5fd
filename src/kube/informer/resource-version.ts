const WHOLE_NUMBER = /^(0|[1-9][0-9]{0,38})$/;

/**
 * Below 0 when `first` is older than `second`, 0 when they are one, above 0 when it is newer; `undefined` when the two
 * cannot be compared. Of one resource type's objects, decimal versions order in time
 * (https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions); only an etcd restore breaks that.
 * They are compared as text, as they may be larger than a JavaScript number holds exactly.
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

/** Whether `first` is surely older than `second`. */
export function isOlderVersion(first: string | undefined, second: string | undefined): boolean {
  const order = resourceVersionOrder(first, second);
  return order !== undefined && order < 0;
}
