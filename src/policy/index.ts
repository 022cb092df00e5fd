/**
 * Who reaches whom in a Kubernetes cluster, by its NetworkPolicies and ClusterNetworkPolicies. Everything here is pure:
 * it reads no file and no cluster, never throws for bad input, and leaves what it is given alone.
 *
 * Three steps, of which the first two are made once:
 *
 * ```ts
 * const cluster = clusterOf(objects);           // objects: parsed JSON or YAML, of the cluster or of manifests
 * const compiled = compile(cluster);            // indexes; cluster.problems says what was left out
 * const { kind, reason, parts } = verdict(compiled, {
 *   from: { kind: 'pod', namespace: 'shop', name: 'web-0' },
 *   to: { kind: 'service', namespace: 'shop', name: 'db' },
 *   protocol: 'TCP',
 *   port: 5432,
 * });
 * ```
 *
 * - **`clusterOf`** reads Namespace, Node, Pod, Deployment, StatefulSet, DaemonSet, ReplicaSet, ReplicationController, Job,
 *   CronJob, Service, EndpointSlice, NetworkPolicy (networking.k8s.io/v1) and ClusterNetworkPolicy
 *   (policy.networking.k8s.io/v1alpha2), also within Lists. A policy that the API server would refuse is left out and
 *   reported. A workload of which there is no live pod is represented by one made from its template. To see what a change
 *   does, read the objects as they will be and compare.
 * - **`verdict`** answers `allowed`, `denied` or `undefined`. `undefined` always has a `reason` with a stable code: the API
 *   leaves the case to implementations (host network pods, other protocols than TCP, UDP and SCTP, a pod that reaches
 *   itself through a Service, the pod's own node), or the objects do not tell (an address that is not known). `parts` has
 *   one verdict for each pair of pods; its `egress`, `ingress` and `warnings` are made when first read, and say which
 *   policies select each end, which rule, peer and port matched, or what the nearest rule lacks.
 * - **`matrixOf`** judges all pairs of pods on given or declared ports, at a cost by classes of equal pods.
 *   **`explanationsOf`** explains all pairs on one port, with equal explanations shared.
 * - **Sets of ports and addresses** (`ports`, `portNumbers`, `addresses`) have union, intersection, difference, covers and
 *   overlap; `rulePorts` and `Rule.blocks` turn rules into them.
 *
 * How policies are read: https://kubernetes.io/docs/concepts/services-networking/network-policies/ and
 * https://network-policy-api.sigs.k8s.io/reference/spec/.
 */
export { type CompiledCluster, compile } from './compile/compiled-cluster.ts';
export type { PortOf } from './compile/targets.ts';
export { type Explanations, explanationsOf, type SharedExplanation, type SharedVerdict } from './explanations.ts';
export {
  ADDRESS_SPACE,
  type AddressRange,
  type AddressSet,
  addresses,
  addressOf,
  addressRangeOf,
  addressText,
  cidrsOf,
  EVERY_ADDRESS,
  FAMILIES,
  type Family,
  familyOf,
} from './intervals/addresses.ts';
export type { Interval, IntervalAlgebra, IntervalSet, Overlap } from './intervals/interval-set.ts';
export {
  EVERY_PORT,
  EVERY_PORT_NUMBER,
  LAST_PORT,
  NO_PORTS,
  type PortSet,
  PROTOCOLS,
  type Protocol,
  portNumbers,
  portSetOf,
  portSetText,
  ports,
} from './intervals/ports.ts';
export { type Matrix, type MatrixCell, type MatrixOptions, matrixOf } from './matrix.ts';
export type {
  Action,
  Cluster,
  ClusterNetworkPolicyModel,
  ContainerPort,
  Direction,
  ModelProblem,
  NamespaceModel,
  NetworkPolicyModel,
  NodeModel,
  ObjectName,
  Peer,
  PodModel,
  Rule,
  RulePort,
  ServiceBackend,
  ServiceModel,
  ServicePort,
  Tier,
  WorkloadName,
} from './model/cluster.ts';
export { controllerOf, workloadByName } from './model/pods.ts';
export { type ClusterOptions, clusterOf } from './model/read-cluster.ts';
export { rulePorts } from './model/rule-ports.ts';
export { isMet, type Labels, type Requirement, requirementText, type Selector, selects } from './model/selector.ts';
export type { ProblemCode } from './model/untrusted.ts';
export { type Endpoint, INTERNET, podsBehind } from './verdict/endpoint.ts';
export type {
  EndExplanation,
  EndName,
  Lack,
  NearestMiss,
  PolicyExplanation,
  PolicyName,
  RuleMatch,
  VerdictKind,
} from './verdict/explanation.ts';
export type { PairVerdict } from './verdict/pair-verdict.ts';
export type { Reason, ReasonCode } from './verdict/reason.ts';
export type { Traffic } from './verdict/side.ts';
export { type Query, type Verdict, verdict } from './verdict/verdict.ts';
export type { Warning, WarningCode } from './verdict/warnings.ts';
