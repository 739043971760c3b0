// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
//go:build linux

package nsfd

import (
	"context"
	"net"
	"runtime"
	"sort"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A method is one way to do what a benchmark measures.
type method struct {
	name string
	do   func()
}

// compare reports the median time of the first method, and the ratio of each other
// one to it. They take turns, so that all see the same state of the machine.
func compare(b *testing.B, methods []method) {
	const repeats = 20
	times := make([][]float64, len(methods))
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		for j, m := range methods {
			start := time.Now()
			for k := 0; k < repeats; k++ {
				m.do()
			}
			times[j] = append(times[j], float64(time.Since(start))/repeats)
		}
	}
	b.StopTimer()
	b.ReportMetric(0, "ns/op")
	for j, m := range methods {
		sort.Float64s(times[j])
		median := times[j][b.N/2]
		if j == 0 {
			b.ReportMetric(median, "ns-"+m.name)
		} else {
			b.ReportMetric(median/times[0][b.N/2], "x-"+m.name)
		}
	}
}

// benchNS returns a namespace, also as one that is delegated by a thread, and a
// function that does what programs do without this package: it locks the
// goroutine to its thread, which enters the namespace, calls f, and goes back.
func benchNS(b *testing.B) (ns, inside *NS, withSetns func(f func())) {
	ns = testNS(b)
	dup, err := unix.FcntlInt(ns.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	must(b, err)
	inside = newNS(dup, "")
	b.Cleanup(func() { inside.Close() })
	inside.inside, err = newInsider(dup)
	must(b, err)
	original, err := unix.Open("/proc/self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	must(b, err)
	b.Cleanup(func() { unix.Close(original) })
	return ns, inside, func(f func()) {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		must(b, unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET))
		f()
		must(b, unix.Setns(original, unix.CLONE_NEWNET))
	}
}

// BenchmarkSocket creates and closes a UDP socket: by socket() in the program's
// own namespace, and in another one.
func BenchmarkSocket(b *testing.B) {
	ns, inside, withSetns := benchNS(b)
	create := func(socket func(family, typ, protocol int) (int, error)) {
		fd, err := socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		must(b, err)
		unix.Close(fd)
	}
	compare(b, []method{
		{"socket", func() { create(unix.Socket) }},
		{"setns", func() { withSetns(func() { create(unix.Socket) }) }},
		{"nsfd-by-" + Method(), func() { create(ns.Socket) }},
		{"nsfd-delegated-by-thread", func() { create(inside.Socket) }},
	})
}

// BenchmarkDial connects to a TCP server: by net.Dialer in the program's own
// namespace, and in another one.
func BenchmarkDial(b *testing.B) {
	ns, inside, withSetns := benchNS(b)
	ctx := context.Background()
	serve := func(l net.Listener, err error) string {
		must(b, err)
		b.Cleanup(func() { l.Close() })
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				c.Close()
			}
		}()
		return l.Addr().String()
	}
	own := serve(net.Listen("tcp", "127.0.0.1:0"))
	other := serve(ns.Listen(ctx, "tcp", "127.0.0.1:0"))
	dial := func(address string, f func(context.Context, string, string) (net.Conn, error)) {
		c, err := f(ctx, "tcp", address)
		must(b, err)
		// The server closes first, so that no port stays in use here.
		c.Read(make([]byte, 1))
		c.Close()
	}
	var d net.Dialer
	compare(b, []method{
		{"net.Dial", func() { dial(own, d.DialContext) }},
		{"setns", func() { withSetns(func() { dial(other, d.DialContext) }) }},
		{"nsfd-by-" + Method(), func() { dial(other, ns.Dial) }},
		{"nsfd-delegated-by-thread", func() { dial(other, inside.Dial) }},
	})
}
