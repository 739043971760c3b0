// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
//go:build linux

package nsfd

import (
	"context"
	"net"
	"net/netip"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// A network describes the first argument of Dial and Listen.
type network struct {
	name   string // without the version
	typ    int
	family int // AF_UNSPEC: both versions
}

var networks = map[string]network{
	"tcp":        {"tcp", unix.SOCK_STREAM, unix.AF_UNSPEC},
	"tcp4":       {"tcp", unix.SOCK_STREAM, unix.AF_INET},
	"tcp6":       {"tcp", unix.SOCK_STREAM, unix.AF_INET6},
	"udp":        {"udp", unix.SOCK_DGRAM, unix.AF_UNSPEC},
	"udp4":       {"udp", unix.SOCK_DGRAM, unix.AF_INET},
	"udp6":       {"udp", unix.SOCK_DGRAM, unix.AF_INET6},
	"unix":       {"unix", unix.SOCK_STREAM, unix.AF_UNIX},
	"unixgram":   {"unixgram", unix.SOCK_DGRAM, unix.AF_UNIX},
	"unixpacket": {"unixpacket", unix.SOCK_SEQPACKET, unix.AF_UNIX},
}

// An endpoint is an address to bind or to connect to. An invalid IP address
// represents the local host, or all addresses.
type endpoint struct {
	network
	ip   netip.AddrPort
	path string
}

func (e endpoint) unix() bool {
	return e.family == unix.AF_UNIX
}

// strings returns the network and the address in the form that
// net.Dialer.Control receives.
func (e endpoint) strings() (network, address string) {
	switch e.family {
	case unix.AF_INET:
		return e.name + "4", e.ip.String()
	case unix.AF_INET6:
		return e.name + "6", e.ip.String()
	}
	return e.name, e.path
}

// addr returns the address for error messages.
func (e endpoint) addr() net.Addr {
	switch e.name {
	case "tcp":
		return net.TCPAddrFromAddrPort(e.ip)
	case "udp":
		return net.UDPAddrFromAddrPort(e.ip)
	}
	return &net.UnixAddr{Name: e.path, Net: e.name}
}

// at returns the endpoint of n at an IP address, with the family of this address.
func (n network) at(ip netip.Addr, port uint16) endpoint {
	n.family = unix.AF_INET6
	if ip.Is4() {
		n.family = unix.AF_INET
	}
	return endpoint{network: n, ip: netip.AddrPortFrom(ip, port)}
}

// resolve returns the endpoints of an address in their order, at least one. If the
// host is empty, this is one with an invalid IP address.
func (n network) resolve(ctx context.Context, r *net.Resolver, address string) ([]endpoint, error) {
	if n.family == unix.AF_UNIX {
		return []endpoint{{network: n, path: address}}, nil
	}
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := r.LookupPort(ctx, n.name, service)
	if err != nil {
		return nil, err
	}
	if host == "" {
		return []endpoint{{network: n, ip: netip.AddrPortFrom(netip.Addr{}, uint16(port))}}, nil
	}
	ips := []netip.Addr{}
	if ip, err := netip.ParseAddr(host); err == nil {
		ips = append(ips, ip)
	} else {
		ipNetwork := map[int]string{unix.AF_UNSPEC: "ip", unix.AF_INET: "ip4", unix.AF_INET6: "ip6"}
		if ips, err = r.LookupNetIP(ctx, ipNetwork[n.family], host); err != nil {
			return nil, err
		}
	}
	endpoints := []endpoint{}
	for _, ip := range ips {
		e := n.at(ip.Unmap(), uint16(port))
		if n.family == unix.AF_UNSPEC || n.family == e.family {
			endpoints = append(endpoints, e)
		}
	}
	if len(endpoints) == 0 {
		return nil, &net.AddrError{Err: "no suitable address found", Addr: host}
	}
	return endpoints, nil
}

// sockaddr looks up the zone in the namespace of the socket fd.
func (e endpoint) sockaddr(fd int) (unix.Sockaddr, error) {
	ip := e.ip.Addr()
	switch e.family {
	case unix.AF_INET:
		return &unix.SockaddrInet4{Port: int(e.ip.Port()), Addr: ip.As4()}, nil
	case unix.AF_INET6:
		sa := &unix.SockaddrInet6{Port: int(e.ip.Port()), Addr: ip.As16()}
		if ip.Zone() != "" {
			index, err := zoneIndex(fd, ip.Zone())
			if err != nil {
				return nil, err
			}
			sa.ZoneId = uint32(index)
		}
		return sa, nil
	}
	return &unix.SockaddrUnix{Name: e.path}, nil
}

// zoneIndex interprets a zone that is not the name of a device as an index, as
// package net does.
func zoneIndex(fd int, zone string) (int, error) {
	index, err := interfaceIndex(fd, zone)
	if err != nil {
		if number, errNumber := strconv.ParseUint(zone, 10, 31); errNumber == nil && number > 0 {
			return int(number), nil
		}
	}
	return index, err
}

func interfaceIndex(fd int, name string) (int, error) {
	ifr, err := unix.NewIfreq(name)
	if err != nil {
		return 0, &net.AddrError{Err: "invalid name of a network device", Addr: name}
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, ifr); err != nil {
		return 0, os.NewSyscallError("device "+strconv.Quote(name)+": ioctl", err)
	}
	return int(ifr.Uint32()), nil
}

// setZone replaces the zone in an address of a new connection or listener, because
// package net has looked it up in the wrong namespace.
func setZone(addr net.Addr, zone string) {
	switch addr := addr.(type) {
	case *net.TCPAddr:
		if addr.Zone != "" {
			addr.Zone = zone
		}
	case *net.UDPAddr:
		if addr.Zone != "" {
			addr.Zone = zone
		}
	}
}

// fromAddr converts a local address of package net.
func fromAddr(n network, addr net.Addr) (endpoint, error) {
	var ip netip.AddrPort
	switch addr := addr.(type) {
	case *net.TCPAddr:
		ip = addr.AddrPort()
		if n.name != "tcp" {
			ip = netip.AddrPort{}
		}
	case *net.UDPAddr:
		ip = addr.AddrPort()
		if n.name != "udp" {
			ip = netip.AddrPort{}
		}
	case *net.UnixAddr:
		if n.family == unix.AF_UNIX && addr.Net == n.name {
			return endpoint{network: n, path: addr.Name}, nil
		}
	}
	if !ip.IsValid() {
		return endpoint{}, &net.AddrError{Err: "mismatched local address type", Addr: addr.String()}
	}
	return n.at(ip.Addr().Unmap(), ip.Port()), nil
}

// rawConn passes the socket fd to Control functions, before the poller has it.
type rawConn int

func (c rawConn) Control(f func(fd uintptr)) error {
	f(uintptr(c))
	return nil
}

func (c rawConn) Read(func(fd uintptr) bool) error {
	return os.ErrNoDeadline
}

func (c rawConn) Write(func(fd uintptr) bool) error {
	return os.ErrNoDeadline
}
