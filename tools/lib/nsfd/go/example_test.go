// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
//go:build linux

package nsfd_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
	"nsfd"
)

// These examples use the program's own network namespace, so that they run
// anywhere. For another one, replace OpenPid(0) by Open("blue").

func ExampleNS_Listen() {
	ns, err := nsfd.OpenPid(0)
	if err != nil {
		log.Fatal(err)
	}
	l, err := ns.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	ns.Close() // the listener keeps the namespace alive
	go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "hello")
	}))

	response, err := http.Get("http://" + l.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	fmt.Println(string(body), err)
	// Output: hello <nil>
}

func ExampleNS_DialContext() {
	ns, err := nsfd.OpenPid(0)
	if err != nil {
		log.Fatal(err)
	}
	defer ns.Close()
	server, err := ns.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go http.Serve(server, http.NotFoundHandler())

	// Names are resolved in the namespace too. For gRPC:
	//	grpc.WithContextDialer(func(ctx context.Context, addr string) (net.Conn, error) {
	//		return ns.Dial(ctx, "tcp", addr)
	//	})
	client := &http.Client{Transport: &http.Transport{DialContext: ns.DialContext}}
	response, err := client.Get("http://" + server.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	response.Body.Close()
	fmt.Println(response.Status)
	// Output: 404 Not Found
}

func ExampleNS_ListenPacket() {
	ns, err := nsfd.OpenPid(0)
	if err != nil {
		log.Fatal(err)
	}
	defer ns.Close()
	server, err := ns.ListenPacket(context.Background(), "udp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	client, err := ns.Dial(context.Background(), "udp", server.LocalAddr().String())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Fprint(client, "word")
	b := make([]byte, 16)
	n, from, err := server.ReadFrom(b)
	fmt.Println(string(b[:n]), from.String() == client.LocalAddr().String(), err)
	// Output: word true <nil>
}

func ExampleNS_Socket() {
	ns, err := nsfd.OpenPid(0)
	if err != nil {
		log.Fatal(err)
	}
	defer ns.Close()
	fd, err := ns.Socket(unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE)
	if err != nil {
		log.Fatal(err)
	}
	defer unix.Close(fd)
	fmt.Println(unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: unix.RTMGRP_LINK}))
	// Output: <nil>
}

func ExampleListenConfig() {
	ns, err := nsfd.OpenPid(0)
	if err != nil {
		log.Fatal(err)
	}
	defer ns.Close()
	lc := nsfd.ListenConfig{
		NS: ns,
		Control: func(network, address string, c syscall.RawConn) error {
			var err error
			if errControl := c.Control(func(fd uintptr) {
				err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
			}); errControl != nil {
				return errControl
			}
			return err
		},
	}
	first, err := lc.Listen(context.Background(), "tcp4", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	second, err := lc.Listen(context.Background(), "tcp4", first.Addr().String())
	fmt.Println(second.Addr().String() == first.Addr().String(), err)
	// Output: true <nil>
}

// A handle of the package github.com/vishvananda/netns is a file descriptor.
func ExampleFromFd() {
	handle, err := unix.Open("/proc/self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		log.Fatal(err)
	}
	ns, err := nsfd.FromFd(handle) // int(handle), if it is a netns.NsHandle
	if err != nil {
		log.Fatal(err)
	}
	unix.Close(handle)
	defer ns.Close()
	index, err := ns.InterfaceIndex("lo")
	fmt.Println(index, err)
	// Output: 1 <nil>
}

// A privileged program opens a namespace for an unprivileged worker, which calls
// FromFd(3) for the file descriptor 3 that it inherits.
func ExampleNS_Delegate() {
	blue, err := nsfd.Open("blue")
	if err != nil {
		log.Fatal(err)
	}
	granted, err := blue.Delegate()
	if err != nil {
		log.Fatal(err)
	}
	if granted.DelegatedByThread() {
		log.Fatal("only this process could use it: is the nsfd module loaded?")
	}
	file, err := granted.File()
	if err != nil {
		log.Fatal(err)
	}
	worker := exec.Command("/usr/libexec/worker")
	worker.ExtraFiles = []*os.File{file}
	worker.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	if err := worker.Run(); err != nil {
		log.Print(err)
	}
	if err := granted.Revoke(); err != nil {
		log.Fatal(err)
	}
}

func ExampleNS_Resolver() {
	blue, err := nsfd.Open("blue")
	if err != nil {
		log.Fatal(err)
	}
	defer blue.Close()
	addrs, err := blue.Resolver().LookupHost(context.Background(), "db.example.org")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(addrs)

	// Ask a server of your own choice instead of those in /etc/resolv.conf.
	resolver := &net.Resolver{
		PreferGo: true,
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			return blue.Dial(ctx, network, "10.0.0.53:53")
		},
	}
	conn, err := (&nsfd.Dialer{NS: blue, Resolver: resolver}).DialContext(
		context.Background(), "tcp", "db.example.org:5432")
	if err != nil {
		log.Fatal(err)
	}
	conn.Close()
}
