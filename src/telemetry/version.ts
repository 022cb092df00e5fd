import manifest from '../../package.json' with { type: 'json' };

/** Defined by the bundler; absent when the sources run directly. */
declare const NSBASELINE_COMMIT: string | undefined;

/** The build, for `version`, the log and the metric `nsbaseline_build_info`. */
export interface BuildInfo {
  /** The version of package.json, such as `0.1.0`. */
  readonly version: string;
  /** The git commit of the build; `unknown` when the sources run directly. */
  readonly commit: string;
  /** The version of Node it runs on, without the `v`. */
  readonly node: string;
  /** Operating system and processor, such as `linux/x64`. */
  readonly platform: string;
}

/** The running build. */
export const buildInfo: BuildInfo = {
  version: manifest.version,
  commit: typeof NSBASELINE_COMMIT === 'string' ? NSBASELINE_COMMIT : 'unknown',
  node: process.versions.node,
  platform: `${process.platform}/${process.arch}`,
};
