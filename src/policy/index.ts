export { type CompiledCluster, compile } from './compile/compiled-cluster.ts';
export { PROTOCOLS, type Protocol } from './intervals/ports.ts';
export { type ClusterOptions, clusterOf } from './model/read-cluster.ts';
export { type Endpoint, INTERNET } from './verdict/endpoint.ts';
export * from './verdict/explanation.ts';
export { type Query, type Verdict, verdict } from './verdict/verdict.ts';
