// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
//go:build linux

package nsfd

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// An NS is a file descriptor for a network namespace. It pins the namespace until
// it is closed.
type NS struct {
	file     *os.File
	inside   *insider // the thread that delegates the namespace, or nil
	resolver *net.Resolver
}

func newNS(fd int, name string) *NS {
	ns := &NS{file: os.NewFile(uintptr(fd), name)}
	ns.resolver = &net.Resolver{PreferGo: true, Dial: ns.Dial}
	return ns
}

// Open opens the network namespace name of ip-netns(8), which is a file in
// /run/netns or, if there is none, in /var/run/netns. It fails with EINVAL if the
// name contains a slash.
func Open(name string) (*NS, error) {
	if name == "" || name == "." || name == ".." || strings.ContainsRune(name, '/') {
		return nil, &os.PathError{Op: "open", Path: name, Err: unix.EINVAL}
	}
	ns, err := OpenPath("/run/netns/" + name)
	if errors.Is(err, fs.ErrNotExist) {
		if other, err := OpenPath("/var/run/netns/" + name); err == nil {
			return other, nil
		}
	}
	return ns, err
}

// OpenPath opens a network namespace by the path of its file, which is
// /proc/PID/ns/net or a bind mount of it. For any other file, it fails with EINVAL
// and does not open the file, which could block or have side effects.
func OpenPath(path string) (*NS, error) {
	fail := func(err error) (*NS, error) {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	handle, err := open(path, unix.O_PATH|unix.O_CLOEXEC)
	if err != nil {
		return fail(err)
	}
	defer unix.Close(handle)
	if err := checkNsfs(handle); err != nil {
		return fail(err)
	}
	link := "/proc/thread-self/fd/" + strconv.Itoa(handle)
	fd, err := open(link, unix.O_RDONLY|unix.O_CLOEXEC)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: link, Err: err}
	}
	if _, err := checkNet(fd); err != nil {
		unix.Close(fd)
		return fail(err)
	}
	return newNS(fd, path), nil
}

// OpenPid opens the network namespace of a process or thread. If pid is 0, this is
// the thread that runs the calling goroutine. If there is no such process, the
// error wraps ESRCH.
func OpenPid(pid int) (*NS, error) {
	path := "/proc/thread-self/ns/net"
	if pid < 0 {
		return nil, &os.PathError{Op: "open", Path: strconv.Itoa(pid), Err: unix.EINVAL}
	}
	if pid > 0 {
		path = fmt.Sprintf("/proc/%d/ns/net", pid)
	}
	fd, err := open(path, unix.O_RDONLY|unix.O_CLOEXEC)
	if err == unix.ENOENT && unix.Access("/proc/thread-self/ns/net", unix.F_OK) == nil {
		err = unix.ESRCH
	}
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	return newNS(fd, path), nil
}

// FromFd returns an NS for the network namespace that a file descriptor refers to.
// It duplicates the file descriptor; the caller remains responsible for closing
// the original. The duplicate of a delegated file descriptor is also delegated.
func FromFd(fd int) (*NS, error) {
	dup, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("file descriptor %d: %w", fd, err)
	}
	if _, err := checkNet(dup); err != nil {
		unix.Close(dup)
		return nil, fmt.Errorf("file descriptor %d is no network namespace: %w", fd, err)
	}
	return newNS(dup, "netns:"+strconv.Itoa(fd)), nil
}

// Close closes the file descriptor. Sockets in the namespace remain open, and an NS
// that Delegate returned for ns remains delegated. If ns itself is delegated by a
// thread (see Delegate), the thread exits.
func (ns *NS) Close() error {
	if ns.inside != nil {
		ns.inside.end()
	}
	return ns.file.Close()
}

// Fd returns the number of the file descriptor, which is valid until ns is
// closed or garbage collected.
func (ns *NS) Fd() uintptr {
	return ns.file.Fd()
}

// File returns a duplicate of the file descriptor, which can be passed to another
// process by exec.Cmd.ExtraFiles or over a UNIX domain socket. The caller has to
// close it.
func (ns *NS) File() (*os.File, error) {
	var dup int
	err := ns.control(func(fd int) (err error) {
		dup, err = unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
		return os.NewSyscallError("fcntl", err)
	})
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(dup), ns.file.Name()), nil
}

// Resolver returns a resolver that sends its queries from the namespace.
func (ns *NS) Resolver() *net.Resolver {
	return ns.resolver
}

// Delegate returns a new NS with a delegated file descriptor, for which creating
// sockets requires no capability. This process can use it after it has dropped its
// privileges, and so can a process that inherits the file descriptor or receives
// that of File. Delegate requires CAP_SYS_ADMIN in the user namespace that owns the
// network namespace. The delegation does not permit entering or configuring the
// namespace, creating raw sockets, or binding to privileged ports. See
// ioctl_nsfd_delegate(2).
//
// If neither the kernel nor the module nsfd can delegate, a thread of this process
// enters the namespace, which also requires CAP_SYS_ADMIN in the caller's own user
// namespace. The thread stays there, and only creates sockets for the returned NS.
// It exits when this NS is revoked, closed or garbage collected. At most 1024 such
// threads can exist; if there are more, Delegate fails with EAGAIN. syscall.Setuid
// and similar functions also change the credentials of these threads. In this case,
// the results of Fd and File are not delegated, so only this process can use the
// delegation; see DelegatedByThread.
func (ns *NS) Delegate() (*NS, error) {
	var delegated *NS
	err := ns.control(func(fd int) error {
		byModule, err := checkNet(fd)
		if err != nil {
			return os.NewSyscallError("fstatfs", err)
		}
		name := ns.file.Name() + " (delegated)"
		if !byModule {
			grant, err := unix.IoctlRetInt(fd, delegateSockets)
			if err == nil {
				delegated = newNS(grant, name)
				return nil
			}
			if err != unix.ENOTTY {
				return os.NewSyscallError("ioctl", err)
			}
		}
		grant, err := deviceDelegate(fd)
		if err == nil {
			delegated = newNS(grant, name)
			return nil
		}
		if err != unix.ENOSYS {
			return os.NewSyscallError("ioctl", err)
		}
		inside, err := newInsider(fd)
		if err != nil {
			return os.NewSyscallError("setns", err)
		}
		dup, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
		if err != nil {
			inside.end()
			return os.NewSyscallError("fcntl", err)
		}
		delegated = newNS(dup, name)
		delegated.inside = inside
		return nil
	})
	return delegated, err
}

// DelegatedByThread reports whether a thread of this process creates the sockets
// of ns, because neither the kernel nor the module can delegate.
func (ns *NS) DelegatedByThread() bool {
	return ns.inside != nil
}

// Revoke revokes the delegation for the file descriptor and all its duplicates.
// Existing sockets remain valid. Revoke requires CAP_SYS_ADMIN in the user namespace
// that owns the network namespace, unless ns is delegated by a thread. It fails with
// EINVAL if ns is not delegated, or has already been revoked.
func (ns *NS) Revoke() error {
	return ns.control(func(fd int) error {
		if ns.inside != nil {
			if !ns.inside.end() {
				return os.NewSyscallError("ioctl", unix.EINVAL)
			}
			return nil
		}
		if _, err := checkNet(fd); err != nil {
			return os.NewSyscallError("fstatfs", err)
		}
		_, err := unix.IoctlRetInt(fd, revokeSockets)
		// A kernel without this request has not delegated anything.
		if err == unix.ENOTTY {
			err = unix.EINVAL
		}
		return os.NewSyscallError("ioctl", err)
	})
}

// InterfaceIndex returns the index of a network device of the namespace.
func (ns *NS) InterfaceIndex(name string) (int, error) {
	// Any family can be used, and AF_UNIX is always available.
	fd, err := ns.Socket(unix.AF_UNIX, unix.SOCK_DGRAM, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	return interfaceIndex(fd, name)
}

// control calls f with the file descriptor, which Close leaves open meanwhile.
func (ns *NS) control(f func(fd int) error) error {
	conn, err := ns.file.SyscallConn()
	if err != nil {
		return os.ErrClosed
	}
	var result error
	if conn.Control(func(fd uintptr) { result = f(int(fd)) }) != nil {
		return os.ErrClosed
	}
	return result
}

func open(path string, flags int) (int, error) {
	for {
		fd, err := unix.Open(path, flags, 0)
		if err != unix.EINTR {
			return fd, err
		}
	}
}

func filesystem(fd int) (int64, error) {
	var fs unix.Statfs_t
	for {
		err := unix.Fstatfs(fd, &fs)
		if err != unix.EINTR {
			return int64(fs.Type), err
		}
	}
}

// checkNsfs returns nil for a file of nsfs. It compares the devices, because
// fstatfs(2) queries the file system, which may not respond.
func checkNsfs(handle int) error {
	var own unix.Stat_t
	if err := unix.Stat("/proc/thread-self/ns/net", &own); err != nil {
		return err
	}
	var file unix.Statx_t
	err := unix.Statx(handle, "", unix.AT_EMPTY_PATH|unix.AT_STATX_DONT_SYNC, 0, &file)
	if err == nil && unix.Mkdev(file.Dev_major, file.Dev_minor) != uint64(own.Dev) {
		err = unix.EINVAL
	}
	return err
}

// checkNet returns nil if fd refers to a network namespace, and whether the module
// delegated it.
func checkNet(fd int) (byModule bool, err error) {
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if err != nil {
		return false, err
	}
	if flags&unix.O_PATH != 0 {
		return false, unix.EBADF
	}
	magic, err := filesystem(fd)
	if err != nil {
		return false, err
	}
	// The driver of another file could interpret the request as one of its own.
	if magic == unix.NSFS_MAGIC || magic == unix.ANON_INODE_FS_MAGIC {
		if kind, err := unix.IoctlRetInt(fd, unix.NS_GET_NSTYPE); err == nil && kind == unix.CLONE_NEWNET {
			return magic == unix.ANON_INODE_FS_MAGIC, nil
		}
	}
	return false, unix.EINVAL
}
