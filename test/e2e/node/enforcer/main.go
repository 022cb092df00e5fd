// Enforces NetworkPolicies on the new connections that the packet filter leads into queue 98, with the engine of
// kube-network-policies. Its own way of leading them there is left out: where a kernel refuses the rules, each of its
// attempts takes the hooks of the filter away again, and the kernel then drops all that is in any queue.
package main

import (
	"context"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/florianl/go-nfqueue/v2"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/kube-network-policies/pkg/api"
	"sigs.k8s.io/kube-network-policies/pkg/network"
	"sigs.k8s.io/kube-network-policies/pkg/networkpolicy"
	"sigs.k8s.io/kube-network-policies/pkg/podinfo"
)

const queue = 98

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := enforce(ctx, os.Getenv("NODE_NAME")); err != nil {
		log.Fatal(err)
	}
}

func enforce(ctx context.Context, node string) error {
	engine, err := policyEngine(ctx, node)
	if err != nil {
		return err
	}
	packets, err := nfqueue.Open(&nfqueue.Config{
		NfQueue:      queue,
		MaxPacketLen: 128, // the headers are all that is looked at
		MaxQueueLen:  4096,
		Copymode:     nfqueue.NfQnlCopyPacket,
		Flags:        nfqueue.NfQaCfgFlagGSO,
		WriteTimeout: time.Second,
	})
	if err != nil {
		return err
	}
	defer packets.Close()
	judge := func(attributes nfqueue.Attribute) int {
		verdict := nfqueue.NfDrop
		if isAllowed(ctx, engine, attributes) {
			verdict = nfqueue.NfAccept
		}
		if err := packets.SetVerdict(*attributes.PacketID, verdict); err != nil {
			log.Print(err)
		}
		return 0
	}
	if err := packets.RegisterWithErrorFunc(ctx, judge, goOn); err != nil {
		return err
	}
	log.Print("enforcing")
	<-ctx.Done()
	return nil
}

// What cannot be read is let through, as by a plugin that does not know the protocol.
func isAllowed(ctx context.Context, engine *networkpolicy.PolicyEngine, attributes nfqueue.Attribute) bool {
	packet, err := network.ParsePacket(*attributes.Payload)
	if err != nil {
		return true
	}
	allowed, err := engine.EvaluatePacket(ctx, &packet)
	if err != nil {
		log.Print(err)
		return true
	}
	return allowed
}

func goOn(err error) int {
	if timeout, isNetwork := err.(interface{ Timeout() bool }); !isNetwork || !timeout.Timeout() {
		log.Print(err)
	}
	return 0
}

// policyEngine knows every pod, namespace and policy by the time it is returned.
func policyEngine(ctx context.Context, node string) (*networkpolicy.PolicyEngine, error) {
	config, err := rest.InClusterConfig()
	if err != nil {
		return nil, err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	namespaces, pods, policies := factory.Core().V1().Namespaces(), factory.Core().V1().Pods(), factory.Networking().V1().NetworkPolicies()
	resolver, err := podinfo.NewInformerResolver(pods.Informer())
	if err != nil {
		return nil, err
	}
	known := podinfo.NewInformerProvider(pods, namespaces, nil, []podinfo.IPResolver{resolver})
	standard := networkpolicy.NewStandardNetworkPolicy(node, namespaces, pods, policies)
	engine := networkpolicy.NewPolicyEngine(known, []api.PolicyEvaluator{standard})
	engine.SetDataplaneSyncCallbacks(func() {})
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	for !engine.Ready() && ctx.Err() == nil {
		time.Sleep(100 * time.Millisecond)
	}
	return engine, ctx.Err()
}
