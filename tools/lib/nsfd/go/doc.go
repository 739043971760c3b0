// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause

// Package nsfd creates sockets, listeners and connections in other network
// namespaces. No goroutine has to be locked to a thread, and no thread that the
// program uses ever changes its namespace:
//
//	blue, err := nsfd.Open("blue") // of ip-netns(8)
//	...
//	l, err := blue.Listen(ctx, "tcp", ":80")
//	conn, err := blue.Dial(ctx, "tcp", "db.example.org:5432")
//
// What these return are the types of package net: *net.TCPListener,
// *net.TCPConn, *net.UDPConn and so on, with deadlines and SyscallConn. All
// functions and methods may be called by any number of goroutines at once.
//
// # Methods
//
// A socket is created by the first of these methods that is available:
//
//   - the system call socketat();
//   - the module nsfd, by ioctl on /dev/nsfd, if the system call is missing or
//     blocked by a seccomp filter;
//   - a helper thread, which calls setns(2) and socket(2) and exits. The Go
//     runtime never runs other code on it, and starts no thread or child
//     process from it. At most 16 helper threads exist at a time; further
//     callers wait, for as long as their context permits. It is never the main
//     thread, which the runtime could not end.
//
// The function Method reports which one that is.
//
// # Privileges
//
// Sockets in the caller's own network namespace require no capability. Those in
// another one require CAP_SYS_ADMIN in the user namespace that owns it, and the
// helper thread also requires it in the caller's own user namespace. A delegated
// namespace, see NS.Delegate, requires none.
//
// # Names and zones
//
// Hostnames are resolved by Go's own resolver, whose queries are sent from the
// target namespace, to the servers in the program's /etc/resolv.conf. The
// package does not read /etc/netns; a Dialer whose Resolver is not nil uses that
// one instead. The resolver sorts the addresses of a name by the routes of the
// program's namespace. Dial then tries IPv6 and IPv4 concurrently, with a head
// start for the family of the first address, as net.Dialer does (RFC 6555).
//
// The zone of an address, such as in "[fe80::1%eth0]:80", is the name or the
// index of a network device of the target namespace. Package net, however, looks
// zones up in the program's namespace. The addresses of a connection or listener
// that this package returns have the zone that they were created with, but that
// of an accepted connection or of a received packet can have the name of a
// device that has the same index in the program's namespace. To send packets to
// a link-local address with WriteTo, use the decimal form of
// NS.InterfaceIndex as zone.
//
// # Errors
//
// Errors wrap the error number of the system call that failed, so that
// errors.Is(err, unix.EPERM) and the like work. Listen and Dial return a
// *net.OpError, like those of package net.
package nsfd
