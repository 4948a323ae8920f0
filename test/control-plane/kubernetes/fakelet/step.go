package main

import (
	"context"
	"encoding/json"
	"hash/fnv"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
)

const (
	nodeName = "fakelet"
	// readyAfter on a pod is how long it runs before it is Ready, as Go writes durations; at once without it.
	readyAfter = "fakelet/ready-after"
)

var (
	sleeps = regexp.MustCompile(`\bsleep\s+(\d+)`)
	exits  = regexp.MustCompile(`\bexit\s+(\d+)`)
)

// step is what to do with a pod now: one of delete, bind, a new status, or nothing; and when to look again.
type step struct {
	remove, bind bool
	status       *corev1.PodStatus
	again        time.Duration
}

// next decides by the pod and the time alone.
func next(pod *corev1.Pod, now time.Time) step {
	switch {
	case pod.DeletionTimestamp != nil:
		return step{remove: true}
	case pod.Spec.NodeName == "":
		return step{bind: true}
	case pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed:
		return step{}
	case pod.Status.StartTime == nil:
		wait := waitOf(pod)
		return step{status: running(pod, now, wait <= 0), again: soonest(wait, lifeOf(pod))}
	}
	age := now.Sub(pod.Status.StartTime.Time)
	life, wait := lifeOf(pod), waitOf(pod)
	switch {
	case life > 0 && age >= life:
		return step{status: ended(pod, now)}
	case age >= wait && !isReady(pod):
		return step{status: running(pod, pod.Status.StartTime.Time, true), again: soonest(life - age)}
	}
	return step{again: soonest(wait-age, life-age)}
}

func (s step) take(ctx context.Context, client kubernetes.Interface, pod *corev1.Pod) (time.Duration, error) {
	pods := client.CoreV1().Pods(pod.Namespace)
	switch {
	case s.remove:
		return 0, pods.Delete(ctx, pod.Name, metav1.DeleteOptions{GracePeriodSeconds: new(int64), Preconditions: &metav1.Preconditions{UID: &pod.UID}})
	case s.bind:
		target := corev1.ObjectReference{Kind: "Node", Name: nodeName}
		meta := metav1.ObjectMeta{Name: pod.Name, Namespace: pod.Namespace, UID: pod.UID}
		return 0, pods.Bind(ctx, &corev1.Binding{ObjectMeta: meta, Target: target}, metav1.CreateOptions{})
	case s.status != nil:
		patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"uid": pod.UID}, "status": s.status})
		if err != nil {
			return 0, err
		}
		_, err = pods.Patch(ctx, pod.Name, types.MergePatchType, patch, metav1.PatchOptions{}, "status")
		return s.again, err
	}
	return s.again, nil
}

func running(pod *corev1.Pod, since time.Time, ready bool) *corev1.PodStatus {
	start := metav1.NewTime(since)
	address := addressOf(pod)
	status := &corev1.PodStatus{Phase: corev1.PodRunning, StartTime: &start, PodIP: address, PodIPs: []corev1.PodIP{{IP: address}}}
	for _, kind := range []corev1.PodConditionType{corev1.PodScheduled, corev1.PodInitialized, corev1.ContainersReady, corev1.PodReady} {
		state := corev1.ConditionTrue
		if !ready && (kind == corev1.ContainersReady || kind == corev1.PodReady) {
			state = corev1.ConditionFalse
		}
		status.Conditions = append(status.Conditions, corev1.PodCondition{Type: kind, Status: state, LastTransitionTime: metav1.Now()})
	}
	for _, container := range pod.Spec.Containers {
		state := corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: start}}
		status.ContainerStatuses = append(status.ContainerStatuses, corev1.ContainerStatus{Name: container.Name, Image: container.Image, Ready: ready, State: state})
	}
	return status
}

func ended(pod *corev1.Pod, now time.Time) *corev1.PodStatus {
	status := &corev1.PodStatus{Phase: corev1.PodSucceeded}
	code, _ := number(exits, pod)
	reason := "Completed"
	if code != 0 {
		status.Phase, reason = corev1.PodFailed, "Error"
	}
	for _, container := range pod.Spec.Containers {
		over := &corev1.ContainerStateTerminated{ExitCode: int32(code), Reason: reason, StartedAt: *pod.Status.StartTime, FinishedAt: metav1.NewTime(now)}
		status.ContainerStatuses = append(status.ContainerStatuses, corev1.ContainerStatus{Name: container.Name, Image: container.Image, State: corev1.ContainerState{Terminated: over}})
	}
	return status
}

// lifeOf is how long a pod of a Job runs: "sleep N" in its commands, one second without; 0 for all other pods, which run for ever.
func lifeOf(pod *corev1.Pod) time.Duration {
	owner := metav1.GetControllerOf(pod)
	if owner == nil || owner.Kind != "Job" {
		return 0
	}
	if seconds, said := number(sleeps, pod); said {
		return max(time.Duration(seconds)*time.Second, time.Millisecond)
	}
	return time.Second
}

func waitOf(pod *corev1.Pod) time.Duration {
	wait, err := time.ParseDuration(pod.Annotations[readyAfter])
	if err != nil {
		return 0
	}
	return wait
}

func isReady(pod *corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

func number(pattern *regexp.Regexp, pod *corev1.Pod) (int, bool) {
	for _, container := range pod.Spec.Containers {
		line := strings.Join(append(append([]string{}, container.Command...), container.Args...), " ")
		if found := pattern.FindStringSubmatch(line); found != nil {
			n, err := strconv.Atoi(found[1])
			return n, err == nil
		}
	}
	return 0, false
}

// soonest is the shortest of the times that lie ahead; 0 where none does.
func soonest(times ...time.Duration) time.Duration {
	var least time.Duration
	for _, t := range times {
		if t > 0 && (least == 0 || t < least) {
			least = t
		}
	}
	return least
}

// addressOf is an address of 10.128.0.0/9 by the pod's uid: nothing listens there.
func addressOf(pod *corev1.Pod) string {
	sum := fnv.New32a()
	sum.Write([]byte(pod.UID))
	n := sum.Sum32()
	return netip.AddrFrom4([4]byte{10, byte(n>>16) | 128, byte(n >> 8), byte(n)}).String()
}
