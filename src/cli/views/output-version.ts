/** `apiVersion` of what explain and matrix print for programs; fields are only ever added to it. */
export const OUTPUT_API_VERSION = 'cli.nsbaseline.io/v1alpha1';
