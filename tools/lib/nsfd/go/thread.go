// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
//go:build linux

package nsfd

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// The runtime terminates a program that has 10,000 threads. A helper thread works
// for microseconds only, so more of them would not be faster.
const maxHelpers = 16

// These threads stay, one for each namespace that is delegated by a thread.
const maxInsiders = 1024

var (
	helpers  = make(chan struct{}, maxHelpers)
	insiders = make(chan struct{}, maxInsiders)

	// Packages are initialized on the runtime's first thread. In a shared
	// library, that is not the main thread of the process.
	firstThread = unix.Gettid()
)

// onOwnThread runs f on a thread that exits afterwards. If f returns true, the
// thread is in its original state, and is reused instead. onOwnThread returns when f
// does.
//
// The runtime terminates a thread when the goroutine that is locked to it returns.
// The exception is its first thread, usually the main one, which it stops for ever
// instead. That thread would remain in the state that f leaves it in, so f never
// runs there. A locked thread does not run other goroutines. The runtime does not
// start threads from it (another thread does that), and only a goroutine that starts
// a child process forks.
func onOwnThread(f func() (clean bool)) {
	runtime.LockOSThread()
	if tid := unix.Gettid(); tid == firstThread || tid == unix.Getpid() {
		// While this goroutine occupies the thread, f runs on another one.
		done := make(chan struct{})
		go func() {
			defer close(done)
			onOwnThread(f)
		}()
		<-done
		runtime.UnlockOSThread()
		return
	}
	if f() {
		runtime.UnlockOSThread()
	}
}

// isOwn reports whether the calling thread is in the network namespace nsfd.
func isOwn(nsfd int) bool {
	var own, target unix.Stat_t
	if unix.Stat("/proc/thread-self/ns/net", &own) != nil || unix.Fstat(nsfd, &target) != nil {
		return false
	}
	if byModule, err := checkNet(nsfd); err == nil && byModule {
		inode, err := procField("/proc/thread-self/fdinfo/"+strconv.Itoa(nsfd), "ns-inode:")
		return err == nil && inode == strconv.FormatUint(own.Ino, 10)
	}
	return own.Dev == target.Dev && own.Ino == target.Ino
}

// procField returns the value of a key in a file of /proc, or "".
func procField(path, key string) (string, error) {
	text, err := os.ReadFile(path)
	for _, line := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(line, key) {
			return strings.TrimSpace(line[len(key):]), nil
		}
	}
	return "", err
}

var errNotOwn = errors.New("not the caller's own network namespace")

// createInOwn calls socket() if the caller is in the namespace nsfd, and returns
// errNotOwn otherwise.
func createInOwn(nsfd, family, typ, protocol int) (int, error) {
	// The caller can be locked to a thread that is in another namespace.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if !isOwn(nsfd) {
		return -1, errNotOwn
	}
	return unix.Socket(family, typ, protocol)
}

type created struct {
	fd  int
	err error
}

func createByThread(ctx context.Context, nsfd, family, typ, protocol int) (int, error) {
	if fd, err := createInOwn(nsfd, family, typ, protocol); err != errNotOwn {
		return fd, err
	}

	select {
	case helpers <- struct{}{}:
	case <-ctx.Done():
		return -1, ctx.Err()
	}
	defer func() { <-helpers }()

	result := make(chan created, 1)
	go onOwnThread(func() (clean bool) {
		if err := unix.Setns(nsfd, unix.CLONE_NEWNET); err != nil {
			result <- created{-1, err}
			return true
		}
		fd, err := unix.Socket(family, typ, protocol)
		result <- created{fd, err}
		return false
	})
	r := <-result
	return r.fd, r.err
}

// An insider is a thread that has entered a namespace. It creates sockets there until
// end is called.
type insider struct {
	requests chan request
	stop     chan struct{}
	once     *sync.Once
}

type request struct {
	family, typ, protocol int
	result                chan created
}

// newInsider returns the error of setns(), or EAGAIN if there are too many.
func newInsider(nsfd int) (*insider, error) {
	select {
	case insiders <- struct{}{}:
	default:
		return nil, unix.EAGAIN
	}
	in := insider{make(chan request), make(chan struct{}), new(sync.Once)}
	entered := make(chan error, 1)
	// The thread refers to a copy, so that the insider itself can be collected.
	go onOwnThread(func() (clean bool) {
		defer func() { <-insiders }()
		err := unix.Setns(nsfd, unix.CLONE_NEWNET)
		entered <- err
		if err != nil {
			return true
		}
		in.serve()
		return false
	})
	if err := <-entered; err != nil {
		return nil, err
	}
	handle := in
	runtime.SetFinalizer(&handle, func(handle *insider) { handle.end() })
	return &handle, nil
}

func (in insider) serve() {
	for {
		select {
		case r := <-in.requests:
			fd, err := unix.Socket(r.family, r.typ, r.protocol)
			r.result <- created{fd, err}
		case <-in.stop:
			return
		}
	}
}

// end makes the thread exit, and reports whether this is the first call.
func (in *insider) end() (ended bool) {
	in.once.Do(func() {
		close(in.stop)
		ended = true
	})
	return ended
}

func (in *insider) socket(family, typ, protocol int) (int, error) {
	// The finalizer would make the thread exit.
	defer runtime.KeepAlive(in)
	// After end has returned, no socket is created, even if the thread is slow.
	select {
	case <-in.stop:
		return -1, unix.EPERM
	default:
	}
	r := request{family, typ, protocol, make(chan created, 1)}
	select {
	case in.requests <- r:
		c := <-r.result
		return c.fd, c.err
	case <-in.stop:
		return -1, unix.EPERM
	}
}
