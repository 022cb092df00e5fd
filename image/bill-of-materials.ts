import { readFileSync } from 'node:fs';

/** The parts of a CycloneDX document that are looked at (https://cyclonedx.org/docs/1.5/json/); all else is passed on. */
export interface BillOfMaterials {
  readonly serialNumber?: string | undefined;
  readonly metadata: { readonly timestamp: string; readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
}

interface Component {
  readonly 'bom-ref': string;
  readonly name: string;
  readonly properties?: readonly { readonly name: string; readonly value: string }[];
}

/** Development needs it as well: true of the package in this checkout, and of no concern to whoever has the image. */
const DEVELOPMENT = 'cdx:npm:package:development';

/** The packages, as `name@version`, that the files of a bundle come from; files of our own are of none. */
export function packagesIn(files: readonly string[]): ReadonlySet<string> {
  return new Set([...packageFoldersIn(files)].map((folder) => packageAt(folder)));
}

/** The folders of the packages that the files of a bundle come from. */
export function packageFoldersIn(files: readonly string[]): ReadonlySet<string> {
  return new Set(files.flatMap((file) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []));
}

function packageAt(folder: string): string {
  const { name, version } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as {
    readonly name: string;
    readonly version: string;
  };
  return `${name}@${version}`;
}

/**
 * The bill of what is really in the program: of all that npm lists, only `packages`, in a fixed order, without the random
 * number and the time of day that npm puts into it. Throws when npm does not know one of them. Pure.
 */
export function billOfMaterials(
  listed: BillOfMaterials,
  { packages, epochSeconds }: { readonly packages: ReadonlySet<string>; readonly epochSeconds: number },
): BillOfMaterials {
  const { metadata, components, dependencies } = listed;
  const known = new Set(components.map((component) => component['bom-ref']));
  const unknown = [...packages].filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new Error(`npm lists no ${unknown.join(', ')}`);
  }
  const root = metadata.component['bom-ref'];
  return {
    ...listed,
    // Left out when written.
    serialNumber: undefined,
    // npm takes the name of the folder for that of the program.
    metadata: {
      ...metadata,
      timestamp: new Date(epochSeconds * 1000).toISOString(),
      component: { ...metadata.component, name: root.slice(0, root.lastIndexOf('@')) },
    },
    components: components
      .filter((component) => packages.has(component['bom-ref']))
      .map(withoutDevelopment)
      .sort((a, b) => (a['bom-ref'] < b['bom-ref'] ? -1 : 1)),
    dependencies: dependencies
      .filter(({ ref }) => ref === root || packages.has(ref))
      .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((name) => packages.has(name)).sort() }))
      .sort((a, b) => (a.ref < b.ref ? -1 : 1)),
  };
}

function withoutDevelopment(component: Component): Component {
  return { ...component, properties: (component.properties ?? []).filter(({ name }) => name !== DEVELOPMENT) };
}
