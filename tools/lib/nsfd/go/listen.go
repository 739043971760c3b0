// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
//go:build linux

package nsfd

import (
	"context"
	"errors"
	"math"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// A ListenConfig contains options for listening in a namespace, like
// net.ListenConfig.
type ListenConfig struct {
	// NS is the namespace to listen in.
	NS *NS

	// Control, if not nil, is called with each socket before it is bound. Its
	// arguments are those of net.ListenConfig.Control.
	Control func(network, address string, c syscall.RawConn) error

	// Resolver resolves the hostname in an address. If it is nil, NS.Resolver()
	// is used.
	Resolver *net.Resolver
}

// Listen listens in the namespace, with the arguments of net.Listen. The listener
// is a *net.TCPListener or a *net.UnixListener. If the host is empty or
// unspecified, Listen listens on all addresses, of both IP versions unless network
// is "tcp4" or "tcp6". If a hostname has several addresses, Listen uses one of them,
// preferably an IPv4 address.
func (ns *NS) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	return (&ListenConfig{NS: ns}).Listen(ctx, network, address)
}

// ListenPacket binds a socket of the network "udp", "udp4", "udp6" or "unixgram", with
// the arguments of net.ListenPacket. It returns a *net.UDPConn or a *net.UnixConn.
func (ns *NS) ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error) {
	return (&ListenConfig{NS: ns}).ListenPacket(ctx, network, address)
}

// Listen listens as NS.Listen does, with the options of lc.
func (lc *ListenConfig) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	n, ok := networks[network]
	if !ok || n.typ == unix.SOCK_DGRAM {
		return nil, opError("listen", network, nil, nil, net.UnknownNetworkError(network))
	}
	f, zone, err := lc.bound(ctx, n, address)
	if err != nil {
		return nil, opError("listen", network, nil, nil, err)
	}
	defer f.Close()
	l, err := net.FileListener(f)
	if err != nil {
		return nil, opError("listen", network, nil, nil, err)
	}
	setZone(l.Addr(), zone)
	if l, ok := l.(*net.UnixListener); ok && !strings.HasPrefix(l.Addr().String(), "@") {
		l.SetUnlinkOnClose(true)
	}
	return l, nil
}

// ListenPacket binds a socket as NS.ListenPacket does, with the options of lc.
func (lc *ListenConfig) ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error) {
	n, ok := networks[network]
	if !ok || n.typ != unix.SOCK_DGRAM {
		return nil, opError("listen", network, nil, nil, net.UnknownNetworkError(network))
	}
	f, zone, err := lc.bound(ctx, n, address)
	if err != nil {
		return nil, opError("listen", network, nil, nil, err)
	}
	defer f.Close()
	c, err := net.FilePacketConn(f)
	if err != nil {
		return nil, opError("listen", network, nil, nil, err)
	}
	setZone(c.LocalAddr(), zone)
	return c, nil
}

// bound returns a bound socket, and the zone of its address. Unless it is a socket
// for packets, it listens.
func (lc *ListenConfig) bound(ctx context.Context, n network, address string) (*os.File, string, error) {
	r := lc.Resolver
	if r == nil {
		r = lc.NS.Resolver()
	}
	if err := ctx.Err(); err != nil {
		return nil, "", err
	}
	endpoints, err := n.resolve(ctx, r, address)
	if err != nil {
		return nil, "", err
	}
	e := endpoints[0]
	for i := len(endpoints) - 1; i >= 0; i-- {
		if endpoints[i].family == unix.AF_INET {
			e = endpoints[i]
		}
	}
	ip := e.ip.Addr()
	if e.unix() || ip.IsValid() && !ip.IsUnspecified() {
		return lc.bind(ctx, e, false)
	}

	// For all addresses, use one IPv6 socket for both versions, if IPv6 is available.
	port := e.ip.Port()
	v4, v6 := n.at(netip.IPv4Unspecified(), port), n.at(netip.IPv6Unspecified(), port)
	switch n.family {
	case unix.AF_INET:
		return lc.bind(ctx, v4, false)
	case unix.AF_INET6:
		return lc.bind(ctx, v6, false)
	}
	f, zone, err := lc.bind(ctx, v6, true)
	if !ip.Is6() && (errors.Is(err, unix.EAFNOSUPPORT) || errors.Is(err, unix.EADDRNOTAVAIL)) {
		return lc.bind(ctx, v4, false)
	}
	return f, zone, err
}

func (lc *ListenConfig) bind(ctx context.Context, e endpoint, both bool) (*os.File, string, error) {
	fd, err := lc.NS.socket(ctx, e.family, e.typ, 0)
	if err != nil {
		return nil, "", err
	}
	if err := lc.prepare(fd, e, both); err != nil {
		unix.Close(fd)
		return nil, "", err
	}
	return os.NewFile(uintptr(fd), "socket"), e.ip.Addr().Zone(), nil
}

func (lc *ListenConfig) prepare(fd int, e endpoint, both bool) error {
	if err := defaults(fd, e, both); err != nil {
		return err
	}
	// Otherwise, a restarted server would have to wait for old connections.
	if e.name == "tcp" {
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
			return os.NewSyscallError("setsockopt", err)
		}
	}
	if err := control(lc.Control, fd, e); err != nil {
		return err
	}
	sa, err := e.sockaddr(fd)
	if err != nil {
		return err
	}
	if err := unix.Bind(fd, sa); err != nil {
		return os.NewSyscallError("bind", err)
	}
	if e.typ == unix.SOCK_DGRAM {
		return nil
	}
	// The kernel limits the backlog to somaxconn of the socket's namespace.
	return os.NewSyscallError("listen", unix.Listen(fd, math.MaxInt32))
}

// defaults sets the options of new sockets that package net sets.
func defaults(fd int, e endpoint, both bool) error {
	if e.family == unix.AF_INET6 {
		only := 1
		if both {
			only = 0
		}
		if err := unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, only); err != nil {
			return os.NewSyscallError("setsockopt", err)
		}
	}
	if e.name == "udp" {
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_BROADCAST, 1); err != nil {
			return os.NewSyscallError("setsockopt", err)
		}
	}
	return nil
}

func control(f func(network, address string, c syscall.RawConn) error, fd int, e endpoint) error {
	if f == nil {
		return nil
	}
	network, address := e.strings()
	return f(network, address, rawConn(fd))
}

func opError(op, network string, source, addr net.Addr, err error) error {
	return &net.OpError{Op: op, Net: network, Source: source, Addr: addr, Err: err}
}
