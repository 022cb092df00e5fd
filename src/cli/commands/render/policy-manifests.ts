import type { BaselinePolicySpec } from '../../../api/baseline-policy.ts';
import { API_VERSION, GROUP } from '../../../api/names.ts';
import { quotable, structureProblem } from '../../../api/plain-value.ts';
import { validateBaselinePolicy } from '../../../api/validation.ts';
import { fieldOf, isJsonObject, itemsOf, textOf } from '../../../base/json.ts';
import type { ManifestText } from '../../manifests/manifest-files.ts';
import { yamlDocuments } from '../../manifests/yaml-documents.ts';

/** A valid BaselinePolicy out of a file. */
export interface PolicyManifest {
  readonly name: string;
  readonly spec: BaselinePolicySpec;
}

/** The BaselinePolicies of manifests. */
export interface PolicyManifests {
  readonly policies: readonly PolicyManifest[];
  /** Everything that is wrong, each as `file: BaselinePolicy name: path: what to write`. */
  readonly problems: readonly string[];
  /** Objects of other kinds, which are skipped. */
  readonly skipped: readonly string[];
}

interface Found {
  readonly source: string;
  readonly document: unknown;
}

/**
 * The BaselinePolicies in manifests, validated as the API server would but without it. Lists are opened; objects of other
 * kinds are skipped, since folders hold them too. Any text is safe to ask about.
 */
export function policyManifests(texts: readonly ManifestText[]): PolicyManifests {
  const policies = new Map<string, PolicyManifest>();
  const problems: string[] = [];
  const skipped: string[] = [];
  for (const { source, document } of texts.flatMap((text) => foundIn(text, problems))) {
    if (!isPolicy(document)) {
      if (isJsonObject(document) && textOf(document.kind) !== '') {
        skipped.push(`${source}: ${described(document)}`);
      } else {
        problems.push(
          `${source}: is no Kubernetes object; it needs apiVersion: ${API_VERSION}, kind: BaselinePolicy, metadata and spec`,
        );
      }
      continue;
    }
    const name = textOf(fieldOf(fieldOf(document, 'metadata'), 'name'));
    const wrong = problemsOf(document, name);
    problems.push(...wrong.problems.map((problem) => `${source}: ${described(document)}: ${problem}`));
    if (policies.has(name)) {
      problems.push(`${source}: ${described(document)}: metadata.name: there is another of this name before it`);
    }
    if (wrong.spec !== undefined) {
      policies.set(name, { name, spec: wrong.spec });
    }
  }
  return { policies: [...policies.values()], problems, skipped };
}

function foundIn({ source, text }: ManifestText, problems: string[]): readonly Found[] {
  const documents = yamlDocuments(text);
  if (!documents.ok) {
    problems.push(`${source}: ${documents.error}`);
  }
  return documents.ok ? documents.value.flatMap((document) => opened({ source, document }, problems)) : [];
}

function opened({ source, document }: Found, problems: string[]): readonly Found[] {
  const blocked = structureProblem(document, []);
  if (blocked !== undefined) {
    problems.push(`${source}: ${blocked.path === '' ? '' : `${blocked.path}: `}${blocked.message}`);
    return [];
  }
  const isList = textOf(fieldOf(document, 'kind')).endsWith('List') && Array.isArray(fieldOf(document, 'items'));
  return isList
    ? itemsOf(fieldOf(document, 'items')).flatMap((item) => opened({ source, document: item }, problems))
    : [{ source, document }];
}

function isPolicy(document: unknown): boolean {
  return (
    fieldOf(document, 'kind') === 'BaselinePolicy' && textOf(fieldOf(document, 'apiVersion')).split('/')[0] === GROUP
  );
}

function problemsOf(
  document: unknown,
  name: string,
): { readonly problems: readonly string[]; readonly spec?: BaselinePolicySpec } {
  const apiVersion = textOf(fieldOf(document, 'apiVersion'));
  const unknownFields = Object.keys(isJsonObject(document) ? document : {})
    .filter((field) => !KNOWN_FIELDS.has(field))
    .map((field) => `${quotable(field)}: is no field here; the fields are ${[...KNOWN_FIELDS].join(', ')}`);
  const outline = [
    ...(apiVersion === API_VERSION ? [] : [`apiVersion: must be ${API_VERSION}, not ${quotable(apiVersion)}`]),
    ...unknownFields,
  ];
  if (name === '') {
    return { problems: [...outline, 'metadata.name: is missing; the name begins the names of the NetworkPolicies'] };
  }
  const verdict = validateBaselinePolicy(name, fieldOf(document, 'spec'));
  if (verdict.ok) {
    return outline.length > 0 ? { problems: outline } : { problems: [], spec: verdict.spec };
  }
  return { problems: [...outline, ...verdict.problems.map(({ path, message }) => `${path}: ${message}`)] };
}

const KNOWN_FIELDS: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata', 'spec', 'status']);

function described(document: unknown): string {
  const name = quotable(textOf(fieldOf(fieldOf(document, 'metadata'), 'name')));
  return `${quotable(textOf(fieldOf(document, 'kind')))}${name === '' ? '' : ` ${name}`}`;
}
