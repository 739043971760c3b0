// SPDX-License-Identifier: GPL-2.0
//go:build linux

// An HTTP reverse proxy between network namespaces, which serves as an ordinary
// user without capabilities: started as root, it delegates the creation of
// sockets in each namespace, and drops all privileges before it listens.
//
//	reverse-proxy front :8080 blue=10.0.0.2:80 green=db.example.org:80
//
// listens in front. A request for /blue/x goes from blue to 10.0.0.2:80 as /x.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"syscall"

	"nsfd"
)

// delegated returns the namespace, for use without privileges.
func delegated(name string) (*nsfd.NS, error) {
	ns, err := nsfd.Open(name)
	if err != nil {
		return nil, err
	}
	defer ns.Close()
	granted, err := ns.Delegate()
	if err != nil {
		return nil, fmt.Errorf("%s: failed to delegate: %w", name, err)
	}
	return granted, nil
}

// drop changes the user and group of all threads, and so drops all capabilities.
func drop(id int) error {
	if err := syscall.Setgroups(nil); err != nil {
		return os.NewSyscallError("setgroups", err)
	}
	if err := syscall.Setresgid(id, id, id); err != nil {
		return os.NewSyscallError("setresgid", err)
	}
	return os.NewSyscallError("setresuid", syscall.Setresuid(id, id, id))
}

func run(id int, front, address string, backends []string) error {
	listen, err := delegated(front)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	for _, backend := range backends {
		name, target, ok := strings.Cut(backend, "=")
		if !ok {
			return fmt.Errorf("invalid backend '%s': expected NETNS=HOST:PORT", backend)
		}
		ns, err := delegated(name)
		if err != nil {
			return err
		}
		proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: target})
		proxy.Transport = &http.Transport{DialContext: ns.DialContext}
		mux.Handle("/"+name+"/", http.StripPrefix("/"+name, proxy))
	}
	if err := drop(id); err != nil {
		return err
	}
	l, err := listen.Listen(context.Background(), "tcp", address)
	if err != nil {
		return err
	}
	return http.Serve(l, mux)
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("reverse-proxy: ")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(),
			"Usage: reverse-proxy [-id ID] NETNS ADDRESS NETNS=HOST:PORT...\n\nOptions:")
		flag.PrintDefaults()
	}
	id := flag.Int("id", 65534, "serve with this user and group ID")
	flag.Parse()
	if flag.NArg() < 3 {
		flag.Usage()
		os.Exit(2)
	}
	log.Fatal(run(*id, flag.Arg(0), flag.Arg(1), flag.Args()[2:]))
}
