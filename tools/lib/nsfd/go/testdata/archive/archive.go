// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
//go:build linux

// A library for a program in C, where the runtime's first thread is not the main
// thread of the process.
package main

import "C"

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
	"nsfd"
)

// strays creates sockets in the namespace that descriptor 3 refers to. It returns
// the number of threads that remain there.
//
//export strays
func strays() C.int {
	ns, err := nsfd.FromFd(3)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 100
	}
	for i := 0; i < 300; i++ {
		fd, err := ns.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 100
		}
		unix.Close(fd)
	}
	home, _ := os.Readlink("/proc/self/ns/net")
	var n C.int
	for try := 0; try < 100; try++ {
		n = 0
		tasks, _ := filepath.Glob("/proc/self/task/*/ns/net")
		for _, task := range tasks {
			if link, err := os.Readlink(task); err == nil && link != home {
				n++
			}
		}
		if n == 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	return n
}

func main() {}
