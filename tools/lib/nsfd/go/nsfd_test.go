// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
//go:build linux

package nsfd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const nobody = 65534

// The test binary runs itself as a child for what a process can do only once.
var children = map[string]func() error{
	"main thread":     childMainThread,
	"inherited":       childInherited,
	"drop":            childDrop,
	"wait":            childWait,
	"plain":           childPlain,
	"filtered":        childFiltered,
	"without-fstatfs": childWithoutFstatfs,
}

func init() {
	// Only a goroutine that is locked in init() is on the main thread for sure.
	if os.Getenv("NSFD_CHILD") == "main thread" {
		runtime.LockOSThread()
	}
}

// home is the inode number of the program's namespace.
var home uint64

func TestMain(m *testing.M) {
	var st unix.Stat_t
	if err := unix.Stat("/proc/self/ns/net", &st); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	home = st.Ino
	if child := children[os.Getenv("NSFD_CHILD")]; child != nil {
		if err := child(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func child(name string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), "NSFD_CHILD="+name)
	cmd.Stderr = os.Stderr
	return cmd
}

// testContext ends with the test.
func testContext(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func needRoot(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("not root")
	}
}

// newNamespace creates one whose loopback device is up.
func newNamespace() (*NS, error) {
	var ns *NS
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		onOwnThread(func() bool {
			if err = unix.Unshare(unix.CLONE_NEWNET); err != nil {
				return true
			}
			if ns, err = OpenPid(0); err != nil {
				return false
			}
			var fd int
			if fd, err = unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0); err != nil {
				return false
			}
			defer unix.Close(fd)
			ifr, _ := unix.NewIfreq("lo")
			ifr.SetUint16(unix.IFF_UP)
			err = unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, ifr)
			return false
		})
	}()
	<-done
	return ns, err
}

func testNS(t testing.TB) *NS {
	t.Helper()
	needRoot(t)
	ns, err := newNamespace()
	must(t, err)
	t.Cleanup(func() { ns.Close() })
	return ns
}

// in runs a shell command in the namespace.
func in(t testing.TB, ns *NS, command string) {
	t.Helper()
	path := fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), ns.Fd())
	out, err := exec.Command("nsenter", "--net="+path, "sh", "-e", "-c", command).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
}

func (ns *NS) inode(t testing.TB) uint64 {
	t.Helper()
	var st unix.Stat_t
	must(t, unix.Fstat(int(ns.Fd()), &st))
	return st.Ino
}

// namespaceOf returns the inode number of the namespace of a socket.
func namespaceOf(fd int) (uint64, error) {
	ns, err := unix.IoctlRetInt(fd, unix.SIOCGSKNS)
	if err != nil {
		return 0, err
	}
	defer unix.Close(ns)
	var st unix.Stat_t
	err = unix.Fstat(ns, &st)
	return st.Ino, err
}

func socketInode(t testing.TB, fd int) uint64 {
	t.Helper()
	inode, err := namespaceOf(fd)
	must(t, err)
	return inode
}

func connInode(t testing.TB, c syscall.Conn) (inode uint64) {
	t.Helper()
	raw, err := c.SyscallConn()
	must(t, err)
	must(t, raw.Control(func(fd uintptr) { inode = socketInode(t, int(fd)) }))
	return inode
}

// strays returns the number of threads that are not in the program's namespace.
func strays(t testing.TB) int {
	t.Helper()
	n := 0
	tasks, err := filepath.Glob("/proc/self/task/*")
	must(t, err)
	for _, task := range tasks {
		var st unix.Stat_t
		// One that has ended meanwhile, or whose exit is in progress, has none.
		if unix.Stat(task+"/ns/net", &st) == nil && st.Ino != home {
			n++
		}
	}
	return n
}

func waitForStrays(t testing.TB, want int) {
	t.Helper()
	var n int
	for i := 0; i < 500; i++ {
		if n = strays(t); n == want {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%d threads are in another namespace, expected %d", n, want)
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	must(t, unix.Mkfifo(fifo, 0600))
	for _, c := range []struct {
		name string
		open func() (*NS, error)
		want error
	}{
		{"empty name", func() (*NS, error) { return Open("") }, unix.EINVAL},
		{"..", func() (*NS, error) { return Open("..") }, unix.EINVAL},
		{"name with slash", func() (*NS, error) { return Open("../../proc/self/ns/net") }, unix.EINVAL},
		{"NUL in name", func() (*NS, error) { return Open("a\x00b") }, unix.EINVAL},
		{"missing name", func() (*NS, error) { return Open("no such name") }, os.ErrNotExist},
		{"missing path", func() (*NS, error) { return OpenPath(dir + "/none") }, os.ErrNotExist},
		{"fifo", func() (*NS, error) { return OpenPath(fifo) }, unix.EINVAL},
		{"directory", func() (*NS, error) { return OpenPath(dir) }, unix.EINVAL},
		{"uts namespace", func() (*NS, error) { return OpenPath("/proc/self/ns/uts") }, unix.EINVAL},
		{"negative PID", func() (*NS, error) { return OpenPid(-1) }, unix.EINVAL},
		{"PID of no process", func() (*NS, error) { return OpenPid(1 << 30) }, unix.ESRCH},
		{"bad descriptor", func() (*NS, error) { return FromFd(-1) }, unix.EBADF},
		{"stdin", func() (*NS, error) { return FromFd(0) }, unix.EINVAL},
	} {
		if ns, err := c.open(); ns != nil || !errors.Is(err, c.want) {
			t.Errorf("%s: %v, expected %v", c.name, err, c.want)
		}
	}

	for _, flags := range []int{unix.O_PATH, unix.O_RDONLY} {
		fd, err := unix.Open("/proc/self/ns/net", flags|unix.O_CLOEXEC, 0)
		must(t, err)
		ns, err := FromFd(fd)
		unix.Close(fd)
		if flags == unix.O_PATH {
			if !errors.Is(err, unix.EBADF) {
				t.Errorf("O_PATH: %v, expected EBADF", err)
			}
			continue
		}
		must(t, err)
		if ns.inode(t) != home {
			t.Error("FromFd: another namespace")
		}
		must(t, ns.Close())
	}
	for _, open := range []func() (*NS, error){
		func() (*NS, error) { return OpenPath("/proc/self/ns/net") },
		func() (*NS, error) { return OpenPid(os.Getpid()) },
		func() (*NS, error) { return OpenPid(0) },
	} {
		ns, err := open()
		must(t, err)
		if ns.inode(t) != home {
			t.Error("another namespace than this")
		}
		flags, err := unix.FcntlInt(ns.Fd(), unix.F_GETFD, 0)
		must(t, err)
		if flags&unix.FD_CLOEXEC == 0 {
			t.Error("not close-on-exec")
		}
		ns.Close()
	}
}

func TestClosed(t *testing.T) {
	ns, err := OpenPid(0)
	must(t, err)
	must(t, ns.Close())
	_, err = ns.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if !errors.Is(err, os.ErrClosed) {
		t.Errorf("Socket: %v, expected os.ErrClosed", err)
	}
	_, err = ns.Dial(context.Background(), "tcp", "127.0.0.1:1")
	if !errors.Is(err, os.ErrClosed) {
		t.Errorf("Dial: %v, expected os.ErrClosed", err)
	}
	if _, err = ns.Delegate(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Delegate: %v, expected os.ErrClosed", err)
	}
	if err = ns.Close(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Close: %v, expected os.ErrClosed", err)
	}
}

func TestSocket(t *testing.T) {
	ns := testNS(t)
	for _, family := range []int{unix.AF_INET, unix.AF_INET6, unix.AF_NETLINK, unix.AF_UNIX} {
		fd, err := ns.Socket(family, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK, 0)
		must(t, err)
		if socketInode(t, fd) != ns.inode(t) {
			t.Errorf("family %d: socket is not in the namespace", family)
		}
		flags, _ := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		status, _ := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
		if flags&unix.FD_CLOEXEC == 0 || status&unix.O_NONBLOCK == 0 {
			t.Errorf("family %d: flags %#x, %#x", family, flags, status)
		}
		unix.Close(fd)
	}
	if _, err := ns.Socket(12345, unix.SOCK_STREAM, 0); !errors.Is(err, unix.EAFNOSUPPORT) {
		t.Errorf("no family: %v, expected EAFNOSUPPORT", err)
	}
	if _, err := ns.Socket(unix.AF_INET, 1<<30, 0); !errors.Is(err, unix.EINVAL) {
		t.Errorf("no type: %v, expected EINVAL", err)
	}
	waitForStrays(t, 0)
}

// The three methods, as far as they are there, create the same socket and fail
// with the same errors.
func TestMethods(t *testing.T) {
	ns := testNS(t)
	methods := map[string]func(family, typ int) (int, error){
		"thread": func(family, typ int) (int, error) {
			return createByThread(testContext(t), int(ns.Fd()), family, typ, 0)
		},
	}
	if haveSocketat() {
		methods["syscall"] = func(family, typ int) (int, error) {
			return socketat(int(ns.Fd()), family, typ, 0)
		}
	}
	if _, err := deviceSocket(-1, 0, 0, 0); err == unix.EBADF {
		methods["module"] = func(family, typ int) (int, error) {
			return deviceSocket(int(ns.Fd()), family, typ, 0)
		}
	}
	if _, ok := methods[Method()]; !ok {
		t.Errorf("Method() is %q", Method())
	}
	for name, method := range methods {
		t.Logf("by %s", name)
		fd, err := method(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC)
		must(t, err)
		if socketInode(t, fd) != ns.inode(t) {
			t.Errorf("%s: socket is not in the namespace", name)
		}
		unix.Close(fd)
		if _, err := method(12345, unix.SOCK_STREAM); err != unix.EAFNOSUPPORT {
			t.Errorf("%s: %v, expected EAFNOSUPPORT", name, err)
		}
		if _, err := method(unix.AF_INET, 1<<30); err != unix.EINVAL {
			t.Errorf("%s: %v, expected EINVAL", name, err)
		}
	}
}

// A call that waits for a helper thread must respect its context.
func TestHelperWait(t *testing.T) {
	ns := testNS(t)
	for i := 0; i < maxHelpers; i++ {
		helpers <- struct{}{}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	_, err := createByThread(ctx, int(ns.Fd()), unix.AF_INET, unix.SOCK_STREAM, 0)
	for i := 0; i < maxHelpers; i++ {
		<-helpers
	}
	if err != context.DeadlineExceeded {
		t.Errorf("%v, expected a timeout", err)
	}
}

// The caller's own namespace is that of its thread, if it is locked to one.
func TestOwnOfLockedThread(t *testing.T) {
	ns := testNS(t)
	done := make(chan error, 1)
	go onOwnThread(func() bool {
		if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
			done <- err
			return true
		}
		if !isOwn(int(ns.Fd())) {
			done <- errors.New("not the namespace of the thread")
			return false
		}
		fd, err := createByThread(context.Background(), int(ns.Fd()), unix.AF_INET, unix.SOCK_STREAM, 0)
		unix.Close(fd)
		done <- err
		return false
	})
	must(t, <-done)
	waitForStrays(t, 0)
}

// The runtime cannot end the main thread, so it must never enter a namespace.
func TestMainThread(t *testing.T) {
	needRoot(t)
	must(t, child("main thread").Run())
}

func childMainThread() error {
	if unix.Gettid() != unix.Getpid() {
		return errors.New("not on the main thread")
	}
	tid := 0
	onOwnThread(func() bool {
		tid = unix.Gettid()
		return unix.Unshare(unix.CLONE_NEWNET) != nil
	})
	if firstThread != unix.Getpid() {
		return errors.New("package not initialized on the main thread")
	}
	if tid == unix.Getpid() {
		return errors.New("f ran on the main thread")
	}
	if tid == 0 || unix.Gettid() != unix.Getpid() {
		return errors.New("f did not run, or the goroutine changed its thread")
	}
	return nil
}

// Nor must the first thread of the runtime in a program written in C, which is
// built by make.
func TestArchive(t *testing.T) {
	ns := testNS(t)
	self, err := os.Executable()
	must(t, err)
	path := filepath.Join(filepath.Dir(self), "archive")
	if _, err := os.Stat(path); err != nil {
		t.Skip(err)
	}
	file, err := ns.File()
	must(t, err)
	defer file.Close()
	cmd := exec.Command(path)
	cmd.ExtraFiles = []*os.File{file}
	cmd.Stderr = os.Stderr
	must(t, cmd.Run())
}

func canDelegateFds() bool {
	if Method() == "module" {
		return true
	}
	ns, err := OpenPid(0)
	if err != nil {
		return false
	}
	defer ns.Close()
	_, err = unix.IoctlRetInt(int(ns.Fd()), revokeSockets)
	return err != unix.ENOTTY
}

// An ordinary user gets the descriptor by inheritance, until it is revoked.
func TestDelegate(t *testing.T) {
	ns := testNS(t)
	if !canDelegateFds() {
		t.Skip("neither socketat() nor the module here")
	}
	granted, err := ns.Delegate()
	must(t, err)
	defer granted.Close()
	if granted.DelegatedByThread() {
		t.Error("delegated by a thread")
	}
	plain, err := ns.File()
	must(t, err)
	defer plain.Close()
	file, err := granted.File()
	must(t, err)
	defer file.Close()

	cmd := child("inherited")
	cmd.ExtraFiles = []*os.File{file, plain}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Credential: &syscall.Credential{Uid: nobody, Gid: nobody},
	}
	input, err := cmd.StdinPipe()
	must(t, err)
	output, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	if _, err := output.Read(make([]byte, 1)); err != nil {
		t.Error(err)
	}
	must(t, granted.Revoke())
	input.Close()
	must(t, cmd.Wait())
	if err := granted.Revoke(); !errors.Is(err, unix.EINVAL) {
		t.Errorf("second Revoke: %v, expected EINVAL", err)
	}
	if err := ns.Revoke(); !errors.Is(err, unix.EINVAL) {
		t.Errorf("Revoke of a plain descriptor: %v, expected EINVAL", err)
	}
}

func childInherited() error {
	granted, err := FromFd(3)
	if err != nil {
		return err
	}
	plain, err := FromFd(4)
	if err != nil {
		return err
	}
	if err := echo(context.Background(), granted, "tcp", "127.0.0.1:0"); err != nil {
		return err
	}
	if _, err := plain.Socket(unix.AF_INET, unix.SOCK_STREAM, 0); !errors.Is(err, unix.EPERM) {
		return fmt.Errorf("plain descriptor: %v, expected EPERM", err)
	}
	if _, err := granted.Delegate(); !errors.Is(err, unix.EPERM) {
		return fmt.Errorf("Delegate: %v, expected EPERM", err)
	}
	if err := granted.Revoke(); !errors.Is(err, unix.EPERM) {
		return fmt.Errorf("Revoke: %v, expected EPERM", err)
	}
	os.Stdout.Write([]byte{0})
	io.Copy(io.Discard, os.Stdin)
	if _, err := granted.Socket(unix.AF_INET, unix.SOCK_STREAM, 0); !errors.Is(err, unix.EPERM) {
		return fmt.Errorf("after Revoke: %v, expected EPERM", err)
	}
	return nil
}

// After all privileges are dropped, what was delegated before works.
func TestDelegateThenDrop(t *testing.T) {
	ns := testNS(t)
	file, err := ns.File()
	must(t, err)
	defer file.Close()
	cmd := child("drop")
	cmd.ExtraFiles = []*os.File{file}
	must(t, cmd.Run())
}

func childDrop() error {
	ns, err := FromFd(3)
	if err != nil {
		return err
	}
	granted, err := ns.Delegate()
	if err != nil {
		return err
	}
	for _, drop := range []func() error{
		func() error { return syscall.Setgroups(nil) },
		func() error { return syscall.Setresgid(nobody, nobody, nobody) },
		func() error { return syscall.Setresuid(nobody, nobody, nobody) },
	} {
		if err := drop(); err != nil {
			return err
		}
	}
	files, _ := filepath.Glob("/proc/self/task/*/status")
	for _, file := range files {
		status, err := os.ReadFile(file)
		if err == nil && !strings.Contains(string(status), "CapEff:\t0000000000000000\n") {
			return fmt.Errorf("%s: has a capability", file)
		}
	}
	if err := echo(context.Background(), granted, "tcp", "127.0.0.1:0"); err != nil {
		return err
	}
	if _, err := ns.Socket(unix.AF_INET, unix.SOCK_STREAM, 0); !errors.Is(err, unix.EPERM) {
		return fmt.Errorf("plain descriptor: %v, expected EPERM", err)
	}
	if _, err := granted.Socket(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP); !errors.Is(err, unix.EPERM) {
		return fmt.Errorf("raw socket: %v, expected EPERM", err)
	}
	return nil
}

// The thread of a delegated namespace ends in each of the ways that it can.
func TestInsider(t *testing.T) {
	ns := testNS(t)
	waitForStrays(t, 0)
	enter := func() *NS {
		inside, err := newInsider(int(ns.Fd()))
		must(t, err)
		dup, err := unix.FcntlInt(ns.Fd(), unix.F_DUPFD_CLOEXEC, 0)
		must(t, err)
		granted := newNS(dup, "")
		granted.inside = inside
		fd, err := granted.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
		must(t, err)
		if socketInode(t, fd) != ns.inode(t) {
			t.Error("socket is not in the namespace")
		}
		unix.Close(fd)
		waitForStrays(t, 1)
		return granted
	}

	granted := enter()
	must(t, granted.Revoke())
	for i := 0; i < 100; i++ {
		_, err := granted.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
		if !errors.Is(err, unix.EPERM) {
			t.Fatalf("after Revoke: %v, expected EPERM", err)
		}
	}
	if err := granted.Revoke(); !errors.Is(err, unix.EINVAL) {
		t.Errorf("second Revoke: %v, expected EINVAL", err)
	}
	waitForStrays(t, 0)
	must(t, granted.Close())

	must(t, enter().Close())
	waitForStrays(t, 0)

	for i := len(insiders); i < maxInsiders; i++ {
		insiders <- struct{}{}
	}
	_, err := newInsider(int(ns.Fd()))
	for len(insiders) > 0 {
		<-insiders
	}
	if err != unix.EAGAIN {
		t.Errorf("too many: %v, expected EAGAIN", err)
	}

	enter()
	for i := 0; i < 100 && strays(t) > 0; i++ {
		runtime.GC()
		time.Sleep(10 * time.Millisecond)
	}
	waitForStrays(t, 0)
}

// The creator of a user namespace has no capability in its own, and creates
// sockets in the network namespaces that the other one owns.
func TestOwnerOfUserNamespace(t *testing.T) {
	if os.Geteuid() != 0 && Method() == "thread" {
		t.Skip("neither socketat() nor the module here")
	}
	cmd := child("wait")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET}
	input, err := cmd.StdinPipe()
	must(t, err)
	if err := cmd.Start(); errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EINVAL) {
		t.Skipf("no user namespace: %v", err)
	} else {
		must(t, err)
	}
	defer cmd.Wait()
	defer input.Close()
	ns, err := OpenPid(cmd.Process.Pid)
	must(t, err)
	defer ns.Close()
	if ns.inode(t) == home {
		t.Fatal("not another namespace")
	}
	fd, err := ns.Socket(unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE)
	must(t, err)
	unix.Close(fd)
	index, err := ns.InterfaceIndex("lo")
	if err != nil || index != 1 {
		t.Errorf("lo: %d, %v, expected 1", index, err)
	}
}

func childWait() error {
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

const retErrno, retAllow = 0x50000, 0x7fff0000

// A file system in userspace may not respond to fstatfs(), so OpenPath must not call
// it for a path that can lead anywhere.
func TestOpenPathCallsNoFstatfs(t *testing.T) {
	must(t, child("without-fstatfs").Run())
}

func childWithoutFstatfs() error {
	if err := installFilter(
		unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS},
		unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ, Jf: 1, K: unix.SYS_FSTATFS},
		unix.SockFilter{Code: unix.BPF_RET, K: retErrno | uint32(unix.EIO)},
		unix.SockFilter{Code: unix.BPF_RET, K: retAllow},
	); err != nil {
		return err
	}
	if _, err := OpenPath("/dev/null"); !errors.Is(err, unix.EINVAL) {
		return fmt.Errorf("/dev/null: %v, expected EINVAL", err)
	}
	return nil
}

// With a seccomp filter, the module refuses all that is not delegated.
func TestFilter(t *testing.T) {
	ns := testNS(t)
	file, err := ns.File()
	must(t, err)
	defer file.Close()
	cmd := child("filtered")
	cmd.ExtraFiles = []*os.File{file}
	must(t, cmd.Run())
}

// installFilter installs a seccomp filter for the whole process.
func installFilter(filter ...unix.SockFilter) error {
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	const setModeFilter, allThreads = 1, 1
	if _, _, errno := unix.Syscall(unix.SYS_SECCOMP, setModeFilter, allThreads,
		uintptr(unsafe.Pointer(&program))); errno != 0 {
		return os.NewSyscallError("seccomp", errno)
	}
	return nil
}

func childFiltered() error {
	if err := installFilter(unix.SockFilter{Code: unix.BPF_RET, K: retAllow}); err != nil {
		return err
	}
	if Method() == "module" {
		return errors.New("method is module")
	}
	own, err := OpenPid(0)
	if err != nil {
		return err
	}
	other, err := FromFd(3)
	if err != nil {
		return err
	}
	for _, ns := range []*NS{own, other} {
		if _, err := ns.Socket(unix.AF_INET, unix.SOCK_STREAM, 0); err != nil {
			return err
		}
	}
	return nil
}

// A revoked descriptor still refers to the caller's own namespace, where sockets
// require no capability.
func TestOwnAfterRevoke(t *testing.T) {
	needRoot(t)
	if !canDelegateFds() {
		t.Skip("neither socketat() nor the module here")
	}
	ns, err := OpenPid(0)
	must(t, err)
	defer ns.Close()
	granted, err := ns.Delegate()
	must(t, err)
	defer granted.Close()
	must(t, granted.Revoke())
	fd, err := granted.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	must(t, err)
	unix.Close(fd)
}

// A plain descriptor permits an ordinary user nothing, by whatever method.
func TestUnprivileged(t *testing.T) {
	ns := testNS(t)
	file, err := ns.File()
	must(t, err)
	defer file.Close()
	cmd := child("plain")
	cmd.ExtraFiles = []*os.File{file}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	must(t, cmd.Run())
}

func childPlain() error {
	ns, err := FromFd(3)
	if err != nil {
		return err
	}
	if _, err := ns.Socket(unix.AF_INET, unix.SOCK_STREAM, 0); !errors.Is(err, unix.EPERM) {
		return fmt.Errorf("Socket: %v, expected EPERM", err)
	}
	if _, err := ns.Delegate(); !errors.Is(err, unix.EPERM) {
		return fmt.Errorf("Delegate: %v, expected EPERM", err)
	}
	var opError *net.OpError
	if _, err := ns.Listen(context.Background(), "tcp", ":0"); !errors.Is(err, unix.EPERM) || !errors.As(err, &opError) {
		return fmt.Errorf("Listen: %v, expected EPERM", err)
	}
	return nil
}
