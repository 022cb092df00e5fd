/**
 * Makes programs of the project run without its `node_modules`: `node image/bundle.ts <folder> <program.ts>...` leaves them in
 * the folder, with what they share in further files and the licences of what is in them beside them. The commit they say they are of comes from `REVISION`.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildOptions, type BuildResult, build, type Plugin } from 'esbuild';
import { bundledPackages, LICENCES_FILE, licencesPage } from './licences.ts';

// CommonJS dependencies ask for what an ES module does not have.
const BANNER = [
  "import { createRequire as nodeRequire } from 'node:module';",
  'const require = nodeRequire(import.meta.url); const __filename = import.meta.filename; const __dirname = import.meta.dirname;',
].join(' ');

/**
 * @dot-i/k8s-operator loads two clients for the API server that it never uses here (docs/adr/0003-operator-shape.md): they
 * are half of the time until the operator is ready, and 40 MiB. What its constructor touches of them does nothing.
 */
const withoutUnusedClients: Plugin = {
  name: 'without-unused-clients',
  setup: (building) => {
    building.onResolve({ filter: /^(@kubernetes\/client-node|gaxios)$/ }, ({ path, importer }) =>
      /[\\/]@dot-i[\\/]k8s-operator[\\/]/.test(importer) ? { path, namespace: 'unused' } : undefined,
    );
    building.onLoad({ filter: /.*/, namespace: 'unused' }, () => ({
      contents: 'exports.__esModule = true; exports.KubeConfig = class { loadFromDefault() {} makeApiClient() {} };',
      loader: 'js',
    }));
  },
};

/** Bundles for the Node of package.json; with `metafile`, esbuild's account of what is in it. */
export function bundle(
  revision: string,
  options: Pick<BuildOptions, 'entryPoints' | 'outdir' | 'outfile' | 'splitting' | 'sourcemap'>,
): Promise<BuildResult<{ metafile: true }>> {
  return build({
    ...options,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    minifyWhitespace: true,
    legalComments: 'eof',
    logLevel: 'warning',
    define: { NSBASELINE_COMMIT: JSON.stringify(revision.slice(0, 7)) },
    banner: { js: BANNER },
    plugins: [withoutUnusedClients],
    metafile: true,
  });
}

if (import.meta.main) {
  const [folder, ...programs] = process.argv.slice(2);
  if (folder === undefined || programs.length === 0) {
    throw new Error('write: node image/bundle.ts <folder> <program.ts>...');
  }
  const { metafile } = await bundle(process.env.REVISION ?? 'unknown', {
    entryPoints: programs,
    outdir: folder,
    splitting: true,
    sourcemap: true,
  });
  writeFileSync(join(folder, LICENCES_FILE), licencesPage(bundledPackages(Object.keys(metafile.inputs))));
}
