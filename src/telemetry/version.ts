import manifest from '../../package.json' with { type: 'json' };

/** Put there by the bundler; absent when the sources run as they are. */
declare const NSBASELINE_COMMIT: string | undefined;

/** What this program is, for `version`, the log and the metric `nsbaseline_build_info`. */
export interface BuildInfo {
  /** The version of package.json, such as `0.1.0`. */
  readonly version: string;
  /** The git commit it was built from; `unknown` when it was not built. */
  readonly commit: string;
  /** The version of Node it runs on, without the `v`. */
  readonly node: string;
  /** Operating system and processor, such as `linux/x64`. */
  readonly platform: string;
}

/** The build that is running. */
export const buildInfo: BuildInfo = {
  version: manifest.version,
  commit: typeof NSBASELINE_COMMIT === 'string' ? NSBASELINE_COMMIT : 'unknown',
  node: process.versions.node,
  platform: `${process.platform}/${process.arch}`,
};
