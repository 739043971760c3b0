// SPDX-License-Identifier: GPL-2.0

// Fetches a page by many goroutines at once, then serves "listener" at an
// address here, and at another one in a namespace that it enters by setns().
//
// usage: programs URL COUNT ADDRESS NETNS ADDRESS
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
)

func fetch(url string) error {
	resp, err := http.Get(url)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && string(text) != "This is far" {
		err = fmt.Errorf("wrong answer: %q", text)
	}
	return err
}

// listenIn listens in another network namespace, on a thread that ends.
func listenIn(netns, address string) (l net.Listener, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		var fd int
		if fd, err = unix.Open("/run/netns/"+netns, unix.O_RDONLY|unix.O_CLOEXEC, 0); err != nil {
			return
		}
		defer unix.Close(fd)
		if err = unix.Setns(fd, unix.CLONE_NEWNET); err == nil {
			l, err = net.Listen("tcp4", address)
		}
	}()
	<-done
	return l, err
}

func main() {
	url := os.Args[1]
	count, err := strconv.Atoi(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	http.DefaultTransport.(*http.Transport).DisableKeepAlives = true
	// Not all connections at once: the server has a backlog of its own.
	slots := make(chan struct{}, 50)
	var group sync.WaitGroup
	for i := 0; i < count; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			slots <- struct{}{}
			defer func() { <-slots }()
			if err := fetch(url); err != nil {
				log.Fatal(err)
			}
		}()
	}
	group.Wait()
	fmt.Println(count, "answers")

	here, err := net.Listen("tcp4", os.Args[3])
	if err != nil {
		log.Fatal(err)
	}
	there, err := listenIn(os.Args[4], os.Args[5])
	if err != nil {
		log.Fatal(err)
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "listener")
	})
	go http.Serve(here, handler)
	log.Fatal(http.Serve(there, handler))
}
