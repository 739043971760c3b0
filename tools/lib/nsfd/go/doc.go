// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause

// Package nsfd creates sockets, listeners and connections in other network
// namespaces. No goroutine has to be locked to a thread, and no thread that the
// program uses ever changes its namespace:
//
//	blue, err := nsfd.Open("blue") // see ip-netns(8)
//	...
//	l, err := blue.Listen(ctx, "tcp", ":80")
//	conn, err := blue.Dial(ctx, "tcp", "db.example.org:5432")
//
// These methods return the types of package net, such as *net.TCPListener,
// *net.TCPConn and *net.UDPConn, with deadlines and SyscallConn. Any number of
// goroutines can call the functions and methods at the same time.
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
//     callers wait until one exits or their context is done. The main thread is
//     never used, because the runtime cannot terminate it.
//
// The function Method returns the name of this method.
//
// # Privileges
//
// Creating a socket in the caller's own network namespace requires no
// capability. In another one, it requires CAP_SYS_ADMIN in the user namespace
// that owns the network namespace. The helper thread requires this capability in
// the caller's own user namespace as well. A delegated namespace requires no
// capability (see NS.Delegate).
//
// # Names and zones
//
// Go's own resolver resolves hostnames. It sends its queries from the target
// namespace to the servers in the program's /etc/resolv.conf; the package does
// not read /etc/netns. Dialer.Resolver and ListenConfig.Resolver select another
// resolver. The resolver sorts the addresses of a name by the routes of the
// program's namespace. Dial then tries IPv6 and IPv4 concurrently, with a head
// start for the family of the first address, as net.Dialer does (RFC 6555).
//
// The zone of an address, such as in "[fe80::1%eth0]:80", is the name or the
// index of a network device of the target namespace. Package net, however, looks
// zones up in the program's namespace. This package restores the zone in the
// addresses of the connections and listeners that it returns. The address of an
// accepted connection or of a received packet can still contain the name of a
// device with the same index in the program's namespace. To send packets to a
// link-local address with WriteTo, use the result of NS.InterfaceIndex in decimal
// as the zone.
//
// # Errors
//
// Errors wrap the error number of the system call that failed, for example for
// errors.Is(err, unix.EPERM). Listen and Dial return a *net.OpError, as those of
// package net do.
package nsfd
