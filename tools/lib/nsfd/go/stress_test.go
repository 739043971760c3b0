// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
//go:build linux

package nsfd

import (
	"context"
	"fmt"
	"os/exec"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Ten thousand goroutines at once create sockets in a hundred namespaces, by the
// method that is available and by threads, while other goroutines start children.
func TestGoroutines(t *testing.T) {
	needRoot(t)
	goroutines, namespaces := 10000, 100
	if testing.Short() {
		goroutines, namespaces = 1000, 20
	}
	nss := make([]*NS, namespaces)
	for i := range nss {
		nss[i] = testNS(t)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Second)
	defer cancel()

	stop := make(chan struct{})
	var forks sync.WaitGroup
	forks.Add(1)
	go func() {
		defer forks.Done()
		for {
			select {
			case <-stop:
				return
			case <-time.After(10 * time.Millisecond):
			}
			out, err := exec.Command("readlink", "/proc/self/ns/net").Output()
			if want := fmt.Sprintf("net:[%d]\n", home); err != nil || string(out) != want {
				t.Errorf("a child is in %q, not %q: %v", out, want, err)
				return
			}
		}
	}()

	start := make(chan struct{})
	errs := make(chan error, goroutines)
	for i := 0; i < goroutines; i++ {
		ns, byThread := nss[i%namespaces], i/namespaces%2 == 0
		want := ns.inode(t)
		go func() {
			<-start
			errs <- func() error {
				var fd int
				var err error
				if byThread {
					fd, err = createByThread(ctx, int(ns.Fd()), unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
				} else {
					fd, err = ns.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
				}
				if err != nil {
					return err
				}
				defer unix.Close(fd)
				got, err := namespaceOf(fd)
				if err == nil && got != want {
					err = fmt.Errorf("a socket is in %d, not %d", got, want)
				}
				return err
			}()
		}()
	}
	close(start)
	for i := 0; i < goroutines; i++ {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	close(stop)
	forks.Wait()
	waitForStrays(t, 0)
}

// Connections of many goroutines each reach the server of their namespace.
func TestManyConnections(t *testing.T) {
	needRoot(t)
	goroutines, namespaces := 1000, 20
	if testing.Short() {
		goroutines, namespaces = 100, 5
	}
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Second)
	defer cancel()
	nss := make([]*NS, namespaces)
	for i := range nss {
		ns, answer := testNS(t), []byte{byte(i)}
		nss[i] = ns
		l, err := ns.Listen(ctx, "tcp", "127.0.0.1:80")
		must(t, err)
		defer l.Close()
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				c.Write(answer)
				c.Close()
			}
		}()
	}
	errs := make(chan error, goroutines)
	for i := 0; i < goroutines; i++ {
		i := i
		go func() {
			errs <- func() error {
				c, err := nss[i%namespaces].Dial(ctx, "tcp", "127.0.0.1:80")
				if err != nil {
					return err
				}
				defer c.Close()
				var b [1]byte
				if _, err := c.Read(b[:]); err != nil {
					return err
				}
				if int(b[0]) != i%namespaces {
					return fmt.Errorf("namespace %d answered, not %d", b[0], i%namespaces)
				}
				return nil
			}()
		}()
	}
	for i := 0; i < goroutines; i++ {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	waitForStrays(t, 0)
}

// Close while others use the namespace: they succeed, or find it closed.
func TestCloseMeanwhile(t *testing.T) {
	for i := 0; i < 50; i++ {
		ns := testNS(t)
		want := ns.inode(t)
		var users sync.WaitGroup
		for j := 0; j < 8; j++ {
			users.Add(1)
			go func() {
				defer users.Done()
				for {
					fd, err := ns.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
					if err != nil {
						return
					}
					if got, err := namespaceOf(fd); err != nil || got != want {
						t.Errorf("a socket is in %d, not %d: %v", got, want, err)
					}
					unix.Close(fd)
				}
			}()
		}
		time.Sleep(time.Millisecond)
		ns.Close()
		users.Wait()
	}
}
