import { fieldOf, fieldsOf, isAbsent, isJsonObject, itemsOf, type JsonObject } from '../../base/json.ts';

/** Of ten thousand pods only this is kept. Where a field is absent, it stays so. */
const METADATA = ['name', 'namespace', 'labels', 'annotations', 'ownerReferences', 'uid', 'deletionTimestamp'];
const CONTAINER = ['name', 'ports', 'restartPolicy', 'livenessProbe', 'readinessProbe', 'startupProbe'];
const POD_STATUS = ['phase', 'podIP', 'podIPs', 'hostIP', 'hostIPs'];
const WORKLOAD_SPEC = ['replicas', 'parallelism', 'selector'];
const NOISY_ANNOTATION = 'kubectl.kubernetes.io/last-applied-configuration';

/** A Pod with the fields that verdicts rest on, and its probes. */
export function slimPod(object: unknown): JsonObject {
  return {
    metadata: slimMetadata(fieldOf(object, 'metadata')),
    spec: slimPodSpec(fieldOf(object, 'spec')),
    status: picked(fieldOf(object, 'status'), POD_STATUS),
  };
}

/** A workload with its template, slim as a Pod. */
export function slimWorkload(object: unknown): JsonObject {
  const spec = fieldOf(object, 'spec');
  const template = fieldOf(spec, 'template');
  const jobTemplate = fieldOf(spec, 'jobTemplate');
  return {
    metadata: slimMetadata(fieldOf(object, 'metadata')),
    spec: {
      ...picked(spec, WORKLOAD_SPEC),
      ...(isAbsent(template) ? {} : { template: slimTemplate(template) }),
      ...(isAbsent(jobTemplate) ? {} : { jobTemplate: { spec: slimJobSpec(fieldOf(jobTemplate, 'spec')) } }),
    },
  };
}

/** Any other object, without the fields that only the API server's bookkeeping needs. */
export function slimObject(object: unknown): JsonObject {
  const { metadata, ...others } = fieldsOf(object);
  return { ...others, metadata: slimMetadata(metadata) };
}

/** What of a template decides about its pods, as one text to compare. */
export function templateText(workload: unknown): string {
  const spec = fieldOf(workload, 'spec');
  const template = fieldOf(spec, 'template') ?? fieldOf(fieldOf(fieldOf(spec, 'jobTemplate'), 'spec'), 'template');
  const labels = Object.entries(fieldOf(fieldOf(template, 'metadata'), 'labels') ?? {}).sort();
  const podSpec = fieldOf(template, 'spec');
  const ports = [...itemsOf(fieldOf(podSpec, 'containers')), ...itemsOf(fieldOf(podSpec, 'initContainers'))].map(
    (container) =>
      itemsOf(fieldOf(container, 'ports')).map((port) => [
        fieldOf(port, 'name'),
        fieldOf(port, 'containerPort'),
        fieldOf(port, 'protocol') ?? 'TCP',
      ]),
  );
  return JSON.stringify([labels, fieldOf(podSpec, 'hostNetwork') === true, ports]);
}

function slimJobSpec(spec: unknown): JsonObject {
  return { ...picked(spec, ['parallelism']), template: slimTemplate(fieldOf(spec, 'template')) };
}

function slimTemplate(template: unknown): JsonObject {
  return {
    metadata: slimMetadata(fieldOf(template, 'metadata')),
    spec: slimPodSpec(fieldOf(template, 'spec')),
  };
}

function slimPodSpec(spec: unknown): JsonObject {
  const containers = itemsOf(fieldOf(spec, 'containers')).map((container) => picked(container, CONTAINER));
  const initContainers = itemsOf(fieldOf(spec, 'initContainers')).map((container) => picked(container, CONTAINER));
  return {
    ...picked(spec, ['hostNetwork', 'nodeName']),
    containers,
    ...(initContainers.length === 0 ? {} : { initContainers }),
  };
}

function slimMetadata(metadata: unknown): JsonObject {
  const { annotations, ...kept } = picked(metadata, METADATA);
  if (!isJsonObject(annotations)) {
    return kept;
  }
  const others = Object.entries(annotations).filter(([key]) => key !== NOISY_ANNOTATION);
  return others.length === 0 ? kept : { ...kept, annotations: Object.fromEntries(others) };
}

function picked(value: unknown, names: readonly string[]): JsonObject {
  const kept: Record<string, unknown> = {};
  for (const name of names) {
    const field = fieldOf(value, name);
    if (!isAbsent(field)) {
      kept[name] = field;
    }
  }
  return kept;
}
