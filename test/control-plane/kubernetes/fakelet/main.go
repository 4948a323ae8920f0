// Package main is fakelet: scheduler and kubelet of a control plane that has no nodes. It registers one node, binds every pod to it and
// makes it Running and Ready; a pod of a Job ends by what its command says; a deleted pod goes at once. Nothing is ever run.
//
//	fakelet KUBECONFIG
package main

import (
	"context"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/workqueue"
)

const workers = 16

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, kubeconfig string) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	config.QPS = -1 // no throttling of its own: the API server's is enough
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: nodeName, Labels: map[string]string{corev1.LabelHostname: nodeName, corev1.LabelOSStable: "linux"}}}
	if _, err := client.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	}

	queue := workqueue.NewTypedRateLimitingQueue(workqueue.NewTypedItemExponentialFailureRateLimiter[string](50*time.Millisecond, 5*time.Second))
	factory := informers.NewSharedInformerFactory(client, 0)
	pods := factory.Core().V1().Pods()
	add := func(object any) {
		if key, err := cache.MetaNamespaceKeyFunc(object); err == nil {
			queue.Add(key)
		}
	}
	handler := cache.ResourceEventHandlerFuncs{AddFunc: add, UpdateFunc: func(_, object any) { add(object) }}
	if _, err := pods.Informer().AddEventHandler(handler); err != nil {
		return err
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	for range workers {
		go work(ctx, client, pods.Lister(), queue)
	}
	<-ctx.Done()
	queue.ShutDown()
	return nil
}

func work(ctx context.Context, client kubernetes.Interface, pods corelisters.PodLister, queue workqueue.TypedRateLimitingInterface[string]) {
	for {
		key, closed := queue.Get()
		if closed {
			return
		}
		again, err := sync(ctx, client, pods, key)
		switch {
		case err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err):
			log.Printf("%s: %v", key, err)
			queue.AddRateLimited(key)
		case again > 0:
			queue.AddAfter(key, again)
		default:
			queue.Forget(key)
		}
		queue.Done(key)
	}
}

// sync takes the one next step of a pod, and says when to look again.
func sync(ctx context.Context, client kubernetes.Interface, pods corelisters.PodLister, key string) (time.Duration, error) {
	namespace, name, err := cache.SplitMetaNamespaceKey(key)
	if err != nil {
		return 0, err
	}
	pod, err := pods.Pods(namespace).Get(name)
	if err != nil {
		return 0, err
	}
	return next(pod, time.Now()).take(ctx, client, pod)
}
