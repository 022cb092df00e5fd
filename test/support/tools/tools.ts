import { join } from 'node:path';
import { cacheDirectory } from '../control-plane/cache.ts';

/** A program that tests run, built from its Go module by the go.mod in the folder of its name. */
interface Tool {
  readonly packagePath: string;
  /** What its go.mod requires; a test holds the two equal. */
  readonly module: string;
  readonly version: string;
  readonly linkerFlags: string;
  /** Build tags: what is left out of a program is neither fetched nor compiled. */
  readonly tags?: readonly string[];
}

/**
 * Every such program: Helm for the chart, the Lua that Argo CD has inside for its health check, and promtool for the
 * alerts.
 */
export const TOOLS = {
  helm: {
    packagePath: 'helm.sh/helm/v3/cmd/helm',
    module: 'helm.sh/helm/v3',
    version: '3.22.0',
    linkerFlags:
      '-s -w -X helm.sh/helm/v3/internal/version.version=v3.22.0 -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor=1 -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor=36',
  },
  lua: {
    packagePath: 'github.com/yuin/gopher-lua/cmd/glua',
    module: 'github.com/yuin/gopher-lua',
    version: '1.1.1',
    linkerFlags: '-s -w',
  },
  promtool: {
    packagePath: 'github.com/prometheus/prometheus/cmd/promtool',
    module: 'github.com/prometheus/prometheus',
    version: '0.316.0',
    linkerFlags: '-s -w',
    // The tests of rules discover nothing.
    tags: ['remove_all_sd'],
  },
} as const satisfies Readonly<Record<string, Tool>>;

/** One of the {@link TOOLS}. */
export type ToolName = keyof typeof TOOLS;

/** How a tool is built. */
export function toolFor(name: ToolName): Tool {
  return TOOLS[name];
}

/** Where a tool lies in the cache once it is built. */
export function toolPath(name: ToolName, environment: NodeJS.ProcessEnv = process.env): string {
  return join(cacheDirectory(environment), 'tools', `${name}-v${TOOLS[name].version}`, name);
}
