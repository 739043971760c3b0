// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
//go:build linux

package nsfd

import (
	"context"
	"net"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// withSetns is what programs do instead: lock, setns(), f, setns() back.
func withSetns(b *testing.B, home, target int, f func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	must(b, unix.Setns(target, unix.CLONE_NEWNET))
	f()
	must(b, unix.Setns(home, unix.CLONE_NEWNET))
}

type benchmark struct {
	name string
	f    func(b *testing.B)
}

// The methods that are not there are left out.
func methods(b *testing.B, ns, inside *NS, home int, byNS func(ns *NS), bySetns func()) []benchmark {
	list := []benchmark{
		{"setns", func(b *testing.B) { withSetns(b, home, int(ns.Fd()), bySetns) }},
		{"nsfd", func(b *testing.B) { byNS(ns) }},
		{"nsfd-delegated-by-thread", func(b *testing.B) { byNS(inside) }},
	}
	return list
}

func benchNS(b *testing.B) (ns, inside *NS, home int) {
	ns = testNS(b)
	dup, err := unix.FcntlInt(ns.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	must(b, err)
	inside = newNS(dup, "")
	b.Cleanup(func() { inside.Close() })
	inside.inside, err = newInsider(dup)
	must(b, err)
	home, err = unix.Open("/proc/self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	must(b, err)
	b.Cleanup(func() { unix.Close(home) })
	return ns, inside, home
}

// BenchmarkSocket creates and closes a UDP socket: by socket() in the program's
// own namespace, and in another one by each method.
func BenchmarkSocket(b *testing.B) {
	ns, inside, home := benchNS(b)
	create := func(b *testing.B, socket func() (int, error)) {
		fd, err := socket()
		must(b, err)
		unix.Close(fd)
	}
	plain := func() (int, error) { return unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0) }
	b.Run("own", func(b *testing.B) {
		for i := 0; i < b.N; i++ {
			create(b, plain)
		}
	})
	for _, m := range methods(b, ns, inside, home, func(ns *NS) {
		create(b, func() (int, error) { return ns.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0) })
	}, func() { create(b, plain) }) {
		m := m
		b.Run(m.name, func(b *testing.B) {
			for i := 0; i < b.N; i++ {
				m.f(b)
			}
		})
	}
}

// BenchmarkDial connects to a TCP server: by net.Dialer in the program's own
// namespace, and in another one by each method.
func BenchmarkDial(b *testing.B) {
	ns, inside, home := benchNS(b)
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
	dial := func(b *testing.B, address string, f func(context.Context, string, string) (net.Conn, error)) {
		c, err := f(ctx, "tcp", address)
		must(b, err)
		// The end of the server comes first, so that no port stays in use here.
		c.Read(make([]byte, 1))
		c.Close()
	}
	var d net.Dialer
	b.Run("own", func(b *testing.B) {
		for i := 0; i < b.N; i++ {
			dial(b, own, d.DialContext)
		}
	})
	for _, m := range methods(b, ns, inside, home, func(ns *NS) { dial(b, other, ns.Dial) },
		func() { dial(b, other, d.DialContext) }) {
		m := m
		b.Run(m.name, func(b *testing.B) {
			for i := 0; i < b.N; i++ {
				m.f(b)
			}
		})
	}
}
