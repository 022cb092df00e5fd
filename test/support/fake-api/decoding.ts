import { failure, type Result, success } from '../../../src/base/result.ts';
import { apiVersionOf } from '../../../src/kube/client/resource-type.ts';
import { type ApiFailure, badRequest, internalError, invalid } from './api-status.ts';
import { isJsonObject, type Json, type JsonObject, objectAt, textAt, valueAt, withFields } from './json.ts';
import { type Cause, requiredValue, undecodableMetadata, unsupportedValue } from './name-validation.ts';
import type { Target } from './request-path.ts';
import type { Resource } from './resource-registry.ts';
import { fitted, type Misfit, misfits } from './structural-schema.ts';

/** The body of a request, when it is JSON and an object. */
export function parsedBody(text: string, resource: Resource): Result<JsonObject, ApiFailure> {
  try {
    const value = JSON.parse(text === '' ? '{}' : text) as Json;
    if (isJsonObject(value)) {
      return success(value);
    }
  } catch {
    // Said below, as for JSON that is no object.
  }
  return failure(
    badRequest(
      `the object provided is unrecognized (must be of type ${resource.type.kind}): couldn't get version/kind; json parse error (${text.slice(0, 40)})`,
    ),
  );
}

/**
 * The object of a POST or PUT body: of the right kind, in the request's namespace, fit to its schema, and without what
 * only the server sets. An unknown field is an error when the request asks for strict validation, else dropped.
 */
export function decodedObject(
  body: JsonObject,
  { resource, namespace, name }: Target,
  isStrict: boolean,
): Result<JsonObject, ApiFailure> {
  const { type } = resource;
  const metadata = objectAt(body, 'metadata');
  const refusal =
    kindMismatch(body, resource) ??
    locationMismatch(metadata, { namespace, name }) ??
    schemaFailure(body, resource, isStrict);
  if (refusal !== undefined) {
    return failure(refusal);
  }
  const located = { namespace: namespace === '' ? undefined : namespace, name: valueAt(metadata, 'name') ?? name };
  const object = withFields(body, {
    apiVersion: apiVersionOf(type),
    kind: type.kind,
    metadata: withFields(metadata, located),
  });
  const fit = resource.openApi === undefined ? object : fitted(object, resource.openApi);
  return success(isJsonObject(fit) ? fit : {});
}

function kindMismatch(body: JsonObject, { type }: Resource): ApiFailure | undefined {
  const kind = textAt(body, 'kind') ?? type.kind;
  const apiVersion = textAt(body, 'apiVersion') ?? apiVersionOf(type);
  return kind === type.kind && apiVersion === apiVersionOf(type)
    ? undefined
    : badRequest(`${kind} in version "${apiVersion}" cannot be handled as a ${type.kind}`);
}

function locationMismatch(
  metadata: JsonObject,
  url: { readonly namespace: string | undefined; readonly name: string | undefined },
): ApiFailure | undefined {
  const namespace = textAt(metadata, 'namespace') ?? '';
  if (namespace !== '' && namespace !== url.namespace) {
    return badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  const name = textAt(metadata, 'name') ?? '';
  if (url.name !== undefined && name !== '' && name !== url.name) {
    return badRequest(`the name of the object (${name}) does not match the name on the URL (${url.name})`);
  }
  return undefined;
}

function schemaFailure(body: JsonObject, resource: Resource, isStrict: boolean): ApiFailure | undefined {
  const { type, isCustom } = resource;
  const cannot = `${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}`;
  const undecodable = undecodableMetadata(objectAt(body, 'metadata'));
  if (undecodable !== undefined) {
    return badRequest(
      `${cannot}: json: cannot unmarshal into Go struct field ObjectMeta.metadata.${undecodable} of type string`,
    );
  }
  const found = resource.openApi === undefined ? [] : misfits(body, resource.openApi);
  const unknown = found.filter(({ problem }) => problem === 'unknown');
  if (isStrict && unknown.length > 0) {
    return badRequest(
      `${cannot}: strict decoding error: ${unknown.map(({ path }) => `unknown field "${path}"`).join(', ')}`,
    );
  }
  if (!isCustom) {
    const wrong = found.filter(({ problem }) => problem === 'type');
    return wrong.length === 0
      ? undefined
      : badRequest(`${cannot}: json: cannot unmarshal ${wrong.map(({ path }) => path).join(', ')}`);
  }
  const causes = found.flatMap(causesOf);
  return causes.length > 0 ? invalid(type, textAt(objectAt(body, 'metadata'), 'name') ?? '', causes) : undefined;
}

function causesOf({ problem, path, wanted, value }: Misfit): Cause[] {
  switch (problem) {
    case 'unknown':
      return [];
    case 'type':
      return [
        {
          reason: 'FieldValueTypeInvalid',
          field: path,
          message: `Invalid value: "${typeof value}": ${path} in body must be of type ${wanted}: "${typeof value}"`,
        },
      ];
    case 'required':
      return [{ reason: 'FieldValueRequired', field: path, message: 'Required value' }];
    case 'enum':
      return [
        unsupportedValue(
          path,
          value,
          wanted.split(', ').map((word) => word.replaceAll('"', '')),
        ),
      ];
  }
}

/** What an apply without a field manager gets. */
export const fieldManagerRequired: ApiFailure = invalid(
  { group: 'meta.k8s.io', version: 'v1', plural: 'patchoptions', kind: 'PatchOptions', isNamespaced: false },
  '',
  [requiredValue('fieldManager', 'is required for apply patch')],
);

/** The body of an apply: its name and namespace must be the URL's, and every field must be in the schema, strict or not. */
export function decodedApply(
  body: JsonObject,
  { resource, namespace, name = '' }: Target,
): Result<JsonObject, ApiFailure> {
  const metadata = objectAt(body, 'metadata');
  if (valueAt(metadata, 'managedFields') !== undefined) {
    return failure(badRequest('metadata.managedFields must be nil'));
  }
  if (valueAt(metadata, 'name') === undefined) {
    return failure(
      badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`),
    );
  }
  const refusal = locationMismatch(metadata, { namespace, name }) ?? untyped(body, resource);
  return refusal === undefined ? success(body) : failure(refusal);
}

/** The real server's words for what no schema of server-side apply fits: a 500 without a reason, though the body is at fault. */
function untyped(body: JsonObject, { openApi, type }: Resource): ApiFailure | undefined {
  const found =
    openApi === undefined
      ? undefined
      : misfits(body, openApi).find(({ problem }) => problem === 'unknown' || problem === 'type');
  if (found === undefined) {
    return undefined;
  }
  const metadata = objectAt(body, 'metadata');
  const place = `${textAt(metadata, 'namespace') ?? ''}/${textAt(metadata, 'name') ?? ''}`;
  const why =
    found.problem === 'unknown'
      ? 'field not declared in schema'
      : `expected ${APPLY_TYPES.get(found.wanted) ?? found.wanted}`;
  return internalError(
    `failed to create typed patch object (${place}; ${apiVersionOf(type)}, Kind=${type.kind}): .${found.path}: ${why}`,
  );
}

const APPLY_TYPES: ReadonlyMap<string, string> = new Map([
  ['object', 'map'],
  ['array', 'list'],
]);
