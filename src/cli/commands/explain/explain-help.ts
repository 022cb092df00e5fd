import type { CommandContext } from '../../frame/command-context.ts';

/** The end of the help of `explain`: how to name ends, and examples. */
export function explainHelp({ programName }: Pick<CommandContext, 'programName'>): string {
  return `
Ends:
  shop/web-0              a pod; if there is none, a workload or a Service of that name
  deploy/web              a workload in the namespace of -n; shop/deploy/web in namespace shop
  shop/svc/web            the pods behind a Service, at its ports
  shop/app=web            the pods in namespace shop with these labels
  10.1.2.3, 10.0.0.0/8    an address or a block; an address of a pod or a Service is that
  internet                all public addresses
  apiserver, dns          the API server and the DNS of the cluster

The verdict is allowed, denied or undefined: undefined where Kubernetes leaves it to the network plugin, or where the
objects do not tell. A denied or undefined connection is no failure of the command; see --fail-on. With -f no cluster is
asked, unless --with-cluster lays the files over it.

Examples:
  ${programName} explain shop/deploy/web shop/svc/db
  ${programName} explain deploy/web dns -n shop
  ${programName} explain shop/web-0 internet --port 443/tcp --fail-on allowed
  ${programName} explain deploy/web db --port 5432 -n shop --fix | kubectl apply -f -
  ${programName} explain --who-can-reach shop/svc/db
  ${programName} explain --what-can shop/deploy/web -o json
  helm template chart | ${programName} explain deploy/web svc/db -f -
  ${programName} explain deploy/web svc/db -n shop -f new-policy.yaml --with-cluster`;
}
