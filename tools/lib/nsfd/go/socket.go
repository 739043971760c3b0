// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
//go:build linux

package nsfd

import (
	"context"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The structures and requests of <linux/nsfd.h>. The layout of request numbers
// depends on the architecture, and is derived from NS_GET_NSTYPE.
type socketRequest struct {
	size     uint32
	flags    uint32
	nsfd     int32
	family   int32
	typ      int32
	protocol int32
}

type delegateRequest struct {
	size     uint32
	flags    uint32
	nsfd     int32
	reserved uint32
}

const (
	requestNone  = unix.NS_GET_NSTYPE &^ 0xff
	requestWrite = requestNone&0xffff | 1<<(30+requestNone>>29)

	delegateSockets = requestNone | 0x20
	revokeSockets   = requestNone | 0x21
	deviceSocketNr  = requestWrite | unsafe.Sizeof(socketRequest{})<<16 | 0x40
	deviceGrantNr   = requestWrite | unsafe.Sizeof(delegateRequest{})<<16 | 0x41

	device = "/dev/nsfd"
)

// socketatNr returns the number of the system call.
func socketatNr() uintptr {
	switch runtime.GOARCH {
	case "mips", "mipsle":
		return 4000 + 548
	case "mips64", "mips64le":
		return 5000 + 548
	}
	return 548
}

func socketat(nsfd, family, typ, protocol int) (int, error) {
	fd, _, errno := unix.Syscall6(socketatNr(), uintptr(nsfd), uintptr(family),
		uintptr(typ), uintptr(protocol), 0, 0)
	if errno != 0 {
		return -1, errno
	}
	return int(fd), nil
}

// haveSocketat distinguishes the error of the system call, EBADF, from that of a
// seccomp filter, which is ENOSYS or EPERM.
func haveSocketat() bool {
	_, err := socketat(-1, 0, 0, 0)
	return err == unix.EBADF
}

func ioctlSocket(fd, nsfd, family, typ, protocol int) (int, error) {
	request := socketRequest{
		nsfd:     int32(nsfd),
		family:   int32(family),
		typ:      int32(typ),
		protocol: int32(protocol),
	}
	request.size = uint32(unsafe.Sizeof(request))
	return ioctlPointer(fd, deviceSocketNr, unsafe.Pointer(&request))
}

func ioctlPointer(fd int, number uintptr, argument unsafe.Pointer) (int, error) {
	result, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), number, uintptr(argument))
	if errno != 0 {
		return -1, errno
	}
	return int(result), nil
}

// onDevice calls f with the device of the module. It fails with ENOSYS if there is
// no device, or if the device does not support the request.
func onDevice(f func(fd int) (int, error)) (int, error) {
	dev, err := open(device, unix.O_RDWR|unix.O_CLOEXEC)
	switch {
	case err == unix.EMFILE || err == unix.ENFILE || err == unix.ENOMEM:
		// open() checks for a free file descriptor before it looks up the path.
		if unix.Access(device, unix.F_OK) == nil {
			return -1, err
		}
		return -1, unix.ENOSYS
	case err != nil:
		return -1, unix.ENOSYS
	}
	defer unix.Close(dev)
	fd, err := f(dev)
	if err == unix.ENOTTY {
		err = unix.ENOSYS
	}
	return fd, err
}

// mayHaveFilter reports whether a seccomp filter can apply to the calling thread;
// without /proc, this is unknown. It does not call prctl(), because a filter might
// kill for it.
func mayHaveFilter() bool {
	mode, err := procField("/proc/thread-self/status", "Seccomp:")
	return err != nil || mode != "" && mode != "0"
}

func deviceSocket(nsfd, family, typ, protocol int) (int, error) {
	return onDevice(func(dev int) (int, error) {
		return ioctlSocket(dev, nsfd, family, typ, protocol)
	})
}

func deviceDelegate(nsfd int) (int, error) {
	return onDevice(func(dev int) (int, error) {
		request := delegateRequest{nsfd: int32(nsfd)}
		request.size = uint32(unsafe.Sizeof(request))
		return ioctlPointer(dev, deviceGrantNr, unsafe.Pointer(&request))
	})
}

// Method returns the name of the method that creates sockets in other namespaces:
// "syscall", "module" or "thread".
func Method() string {
	if haveSocketat() {
		return "syscall"
	}
	if _, err := deviceSocket(-1, 0, 0, 0); err == unix.EBADF && !mayHaveFilter() {
		return "module"
	}
	return "thread"
}

// Socket creates a socket in the namespace, as socket(2) does in the caller's own.
// It returns a file descriptor, with the close-on-exec flag set as usual in Go.
func (ns *NS) Socket(family, typ, protocol int) (int, error) {
	return ns.socket(context.Background(), family, typ, protocol)
}

func (ns *NS) socket(ctx context.Context, family, typ, protocol int) (int, error) {
	socket := -1
	err := ns.control(func(fd int) (err error) {
		if ns.inside != nil {
			socket, err = ns.inside.socket(family, typ|unix.SOCK_CLOEXEC, protocol)
		} else {
			socket, err = create(ctx, fd, family, typ|unix.SOCK_CLOEXEC, protocol)
		}
		return os.NewSyscallError("socketat", err)
	})
	if err != nil {
		return -1, err
	}
	return socket, nil
}

// ownOr calls socket() if the module has failed with EPERM because nsfd refers to
// the caller's own namespace. Otherwise, it returns fd and err.
func ownOr(fd int, err error, nsfd, family, typ, protocol int) (int, error) {
	if err == unix.EPERM {
		if own, errOwn := createInOwn(nsfd, family, typ, protocol); errOwn != errNotOwn {
			return own, errOwn
		}
	}
	return fd, err
}

// create creates a socket by the first method that is available.
func create(ctx context.Context, nsfd, family, typ, protocol int) (int, error) {
	fd, err := socketat(nsfd, family, typ, protocol)
	if err == nil {
		return fd, nil
	}
	if err == unix.EPERM && !haveSocketat() {
		err = unix.ENOSYS
	}
	// The system call rejects file descriptors that the module has delegated.
	if err == unix.EINVAL || err == unix.ENOSYS {
		if byModule, errNet := checkNet(nsfd); errNet == nil && byModule {
			fd, err := ioctlSocket(nsfd, -1, family, typ, protocol)
			// After it has been revoked, it still refers to the namespace.
			return ownOr(fd, err, nsfd, family, typ, protocol)
		}
	}
	if err != unix.ENOSYS {
		return -1, err
	}
	fd, err = deviceSocket(nsfd, family, typ, protocol)
	if err == unix.EPERM && !mayHaveFilter() {
		return ownOr(fd, err, nsfd, family, typ, protocol)
	}
	// For callers with a filter, the module always fails with EPERM.
	if err != unix.ENOSYS && err != unix.EPERM {
		return fd, err
	}
	if _, err := checkNet(nsfd); err != nil {
		return -1, err
	}
	return createByThread(ctx, nsfd, family, typ, protocol)
}
