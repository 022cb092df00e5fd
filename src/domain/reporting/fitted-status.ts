import {
  type BaselinePolicyStatus,
  baselinePolicyStatusSchema,
  type Discovered,
  discoveredSchema,
} from '../../api/baseline-policy.ts';

/** A status that the CRD takes, and the paths of what had to be left out of it. */
export interface FittedStatus {
  readonly status: BaselinePolicyStatus;
  readonly leftOut: readonly string[];
}

const { conditions, failed } = baselinePolicyStatusSchema.shape;
const { dns, apiServer } = discoveredSchema.shape;

/** The schema of a field, as far as it says whether a value fits. */
interface Schema {
  readonly safeParse: (value: unknown) => { readonly success: boolean };
}

/**
 * R16 (status): the status without what the CRD would refuse. One odd or oversized value would otherwise have the API
 * server refuse the whole status, and with it everything else that the operator has to say. A discovered value that does
 * not fit keeps what `previous` has.
 */
export function fittedStatus(
  status: BaselinePolicyStatus,
  previous: Pick<BaselinePolicyStatus, 'discovered'> | undefined,
): FittedStatus {
  if (baselinePolicyStatusSchema.safeParse(status).success) {
    return { status, leftOut: [] };
  }
  const fittedConditions = fittedItems(status.conditions, conditions, ({ type }) => `conditions[${type}]`);
  const fittedFailed = fittedItems(status.failed, failed, ({ namespace }) => `failed[${namespace}]`);
  const discovered = fittedDiscovered(status.discovered, previous?.discovered);
  return {
    status: {
      ...status,
      conditions: fittedConditions.items,
      failed: fittedFailed.items,
      discovered: discovered.value,
    },
    leftOut: [...fittedConditions.leftOut, ...fittedFailed.leftOut, ...discovered.leftOut],
  };
}

/** The items without those that do not fit, by themselves or behind those before them. */
function fittedItems<Item>(
  items: readonly Item[],
  schema: Schema,
  pathOf: (item: Item) => string,
): { readonly items: Item[]; readonly leftOut: readonly string[] } {
  const fitting: Item[] = [];
  const leftOut: string[] = [];
  for (const item of items) {
    if (schema.safeParse([...fitting, item]).success) {
      fitting.push(item);
    } else {
      leftOut.push(pathOf(item));
    }
  }
  return { items: fitting, leftOut };
}

function fittedDiscovered(
  found: Discovered,
  previous: Discovered | undefined,
): { readonly value: Discovered; readonly leftOut: readonly string[] } {
  const isDnsFit = dns.safeParse(found.dns).success;
  const isApiServerFit = apiServer.safeParse(found.apiServer).success;
  const kept = {
    dns: isDnsFit ? found.dns : previous?.dns,
    apiServer: isApiServerFit ? found.apiServer : previous?.apiServer,
  };
  return {
    value: {
      ...(kept.dns === undefined ? {} : { dns: kept.dns }),
      ...(kept.apiServer === undefined ? {} : { apiServer: kept.apiServer }),
    },
    leftOut: [...(isDnsFit ? [] : ['discovered.dns']), ...(isApiServerFit ? [] : ['discovered.apiServer'])],
  };
}
