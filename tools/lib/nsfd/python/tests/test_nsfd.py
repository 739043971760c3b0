# SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
"""Tests of nsfd, as root; run.sh gives them a network namespace and a /run."""

import asyncio
import contextlib
import copy
import ctypes
import errno
import fcntl
import gc
import io
import os
import pathlib
import pickle
import resource
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import unittest
import warnings
from unittest import mock

import nsfd
from nsfd import _kernel

SIOCGSKNS = 0x894C
NOBODY = 65534
libc = ctypes.CDLL(None, use_errno=True)


def kernel_has_call():
    """Ask the kernel itself, so that no fault of nsfd skips a test."""
    number = 658 if os.uname().machine == "alpha" else 548
    return libc.syscall(number, -1, 0, 0, 0) < 0 and ctypes.get_errno() == errno.EBADF


HAS_CALL = kernel_has_call()
HAS_MODULE = os.path.exists("/dev/nsfd")
WANTS_CALL = unittest.skipUnless(HAS_CALL, "no socketat()")
WANTS_MODULE = unittest.skipUnless(HAS_MODULE, "no /dev/nsfd")
WANTS_GRANT = unittest.skipUnless(HAS_CALL or HAS_MODULE, "no delegation")
WANTS_NO_GRANT = unittest.skipIf(HAS_CALL or HAS_MODULE, "there is delegation")


def ip(*args):
    subprocess.run(("ip",) + args, check=True)


def setUpModule():
    for name in ("blue", "green"):
        ip("netns", "add", name)
        ip("-n", name, "link", "set", "lo", "up")
    # An eth9 here and one in blue, with the same address and another index.
    ip("-n", "blue", "link", "add", "pad9", "type", "veth", "peer", "name", "pad8")
    for where in ([], ["-n", "blue"]):
        ip(*where, "link", "add", "eth9", "type", "veth", "peer", "name", "peer9")
        ip(*where, "link", "set", "peer9", "up")
        ip(*where, "addr", "add", "fe80::9/64", "dev", "eth9", "nodad")
        ip(*where, "link", "set", "eth9", "up")


def inode_of(fd):
    status = os.fstat(fd)
    return status.st_dev, status.st_ino


def home_of(sock):
    """The network namespace of a socket."""
    fd = fcntl.ioctl(sock.fileno(), SIOCGSKNS, 0)
    try:
        return inode_of(fd)
    finally:
        os.close(fd)


def named(name):
    status = os.stat("/run/netns/" + name)
    return status.st_dev, status.st_ino


def own():
    status = os.stat("/proc/thread-self/ns/net")
    return status.st_dev, status.st_ino


def allow_everything():
    """Install a seccomp filter that allows all system calls."""

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]

    ret_allow = struct.pack("HBBI", 0x06, 0, 0, 0x7FFF0000)
    program = Program(1, ret_allow)
    pr_set_seccomp, mode_filter = 22, 2
    if libc.prctl(pr_set_seccomp, mode_filter, ctypes.byref(program)):
        raise OSError(ctypes.get_errno(), "PR_SET_SECCOMP")


def descriptors():
    return len(os.listdir("/proc/self/fd"))


def without(*ways):
    """Take methods away."""
    stack = []
    if "syscall" in ways:
        stack.append(mock.patch.object(_kernel, "_NR_SOCKETAT", None))
    if "module" in ways:
        stack.append(mock.patch.object(_kernel, "DEVICE", "/nonexistent"))
    return stack


class Case(unittest.TestCase):
    """Checks that no test leaks a descriptor or leaves the namespace."""

    taken = ()

    def setUp(self):
        for patch in without(*self.taken):
            patch.start()
            self.addCleanup(patch.stop)
        gc.collect()
        before, place = descriptors(), own()

        def check():
            gc.collect()
            self.assertEqual(descriptors(), before)
            self.assertEqual(own(), place)

        self.addCleanup(check)

    def assertErrno(self, number, function, *args, **kwargs):
        with self.assertRaises(OSError) as caught:
            function(*args, **kwargs)
        self.assertEqual(caught.exception.errno, number, caught.exception)
        return caught.exception

    def as_nobody(self, function):
        """Run function in a child without any privilege."""

        def child():
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
            function()

        self.in_child(child)

    def in_child(self, function):
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            try:
                function()
                answer = "done"
            except BaseException as e:
                answer = repr(e)
            os.write(writing, answer.encode())
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            answer = pipe.read()
        os.waitpid(child, 0)
        self.assertEqual(answer, "done")


class AnyWay:
    """What holds by every method."""

    def test_every_form_of_a_namespace(self):
        with nsfd.open("blue") as blue, open("/run/netns/blue", "rb") as file:
            for what, form in (
                ("name", "blue"),
                ("name in bytes", b"blue"),
                ("path", "/run/netns/blue"),
                ("path in bytes", b"/run/netns/blue"),
                ("path object", pathlib.Path("/run/netns/blue")),
                ("object", blue),
                ("descriptor", blue.fileno()),
                ("file", file),
            ):
                with self.subTest(what), nsfd.socket(form) as sock:
                    self.assertEqual(home_of(sock), named("blue"))

    def test_the_caller_stays(self):
        place, threads = own(), os.listdir("/proc/self/task")
        for _ in range(50):
            nsfd.socket("blue").close()
            self.assertEqual(os.listdir("/proc/self/task"), threads)
            self.assertEqual(own(), place)

    def test_the_socket_is_like_any_other(self):
        kinds = [
            (),
            (socket.AF_INET,),
            (socket.AF_INET6, socket.SOCK_DGRAM),
            (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP),
            (socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK),
            (socket.AF_UNIX, socket.SOCK_STREAM),
            (socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE),
            (-1, -1, -1),
        ]
        for kind in kinds:
            with self.subTest(kind), nsfd.socket(
                "blue", *kind
            ) as ours, socket.socket(*kind) as theirs:
                self.assertIs(type(ours), socket.socket)
                for attribute in ("family", "type", "proto", "timeout"):
                    self.assertEqual(
                        getattr(ours, attribute), getattr(theirs, attribute)
                    )
                self.assertFalse(ours.get_inheritable())
                self.assertEqual(ours.getblocking(), theirs.getblocking())
                self.assertEqual(
                    fcntl.fcntl(ours, fcntl.F_GETFL), fcntl.fcntl(theirs, fcntl.F_GETFL)
                )
                self.assertEqual(home_of(ours), named("blue"))

    def test_the_default_timeout_counts(self):
        socket.setdefaulttimeout(7)
        self.addCleanup(socket.setdefaulttimeout, None)
        with nsfd.socket("blue") as sock:
            self.assertEqual(sock.gettimeout(), 7)

    def test_own_namespace(self):
        with nsfd.socket("/proc/thread-self/ns/net") as sock:
            self.assertEqual(home_of(sock), own())

    def test_the_errors_of_socket(self):
        for kind in ((9999,), (2, 99), (2, 1, 99), (2, 1, socket.IPPROTO_UDP)):
            with self.subTest(kind):
                with self.assertRaises(OSError) as theirs:
                    socket.socket(*kind)
                self.assertErrno(theirs.exception.errno, nsfd.socket, "blue", *kind)

    def test_the_errors_of_the_descriptor(self):
        self.assertErrno(errno.EBADF, nsfd.socket, -1)
        self.assertErrno(errno.EBADF, nsfd.socket, 99999)
        with io.FileIO("/dev/null") as null:
            self.assertErrno(errno.EINVAL, nsfd.socket, null)
        with io.FileIO("/proc/self/ns/mnt") as mnt:
            self.assertErrno(errno.EINVAL, nsfd.socket, mnt)
        path = os.open("/run/netns/blue", os.O_PATH)
        self.assertErrno(errno.EBADF, nsfd.socket, path)
        os.close(path)
        with nsfd.open("blue") as blue:
            pass
        self.assertErrno(errno.EBADF, nsfd.socket, blue)

    def test_no_descriptor_is_left(self):
        with nsfd.open("blue") as blue:
            soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            limit = max(int(fd) for fd in os.listdir("/proc/self/fd")) + 2
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
            files = []
            try:
                with contextlib.suppress(OSError):
                    while True:
                        files.append(os.dup(blue.fileno()))
                self.assertErrno(errno.EMFILE, nsfd.socket, blue)
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
                for fd in files:
                    os.close(fd)

    def test_without_privilege(self):
        with nsfd.open("blue") as blue:
            self.as_nobody(lambda: self.assertErrno(errno.EPERM, nsfd.socket, blue))
            self.as_nobody(
                lambda: nsfd.socket("/proc/thread-self/ns/net").close()
            )

    def test_threads(self):
        wrong = []
        place = own()

        def work(name, where):
            for _ in range(30):
                with nsfd.socket(name) as sock:
                    if home_of(sock) != where or own() != place:
                        wrong.append(name)

        threads = [
            threading.Thread(target=work, args=(name, named(name)))
            for name in ("blue", "green") * 4
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def test_in_a_child_of_a_thread(self):
        def work():
            child = os.fork()
            if not child:
                with nsfd.socket("blue") as sock:
                    os._exit(home_of(sock) != named("blue"))
            self.status = os.waitpid(child, 0)[1]

        warnings.simplefilter("ignore", DeprecationWarning)
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        self.assertEqual(self.status, 0)

    def test_signals_meanwhile(self):
        hits = []

        def handler(*_):
            hits.append(1)
            nsfd.socket("green").close()
            with self.assertRaises(OSError):
                nsfd.socket("green", 9999)
            # No interval: on a slow machine, handlers would interrupt each other.
            # One that is run late must not leave a signal behind for the default.
            if time.monotonic() < end:
                signal.setitimer(signal.ITIMER_REAL, 0.002)

        end = time.monotonic() + 0.5
        old = signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, 0.0005)
        try:
            while time.monotonic() < end:
                self.assertErrno(errno.EBADF, nsfd.socket, -1)
                with nsfd.socket("blue") as sock:
                    self.assertEqual(home_of(sock), named("blue"))
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, old)
        self.assertGreater(len(hits), 3)


class BySyscall(AnyWay, Case):
    taken = ("module",)

    def setUp(self):
        if not HAS_CALL:
            self.skipTest("no socketat()")
        super().setUp()
        no_thread = mock.patch.object(_kernel, "_by_thread", side_effect=AssertionError)
        no_thread.start()
        self.addCleanup(no_thread.stop)

    def test_way(self):
        self.assertEqual(nsfd.way(), "syscall")


class ByModule(AnyWay, Case):
    taken = ("syscall",)

    def setUp(self):
        if not HAS_MODULE:
            self.skipTest("no /dev/nsfd")
        super().setUp()
        no_thread = mock.patch.object(_kernel, "_by_thread", side_effect=AssertionError)
        no_thread.start()
        self.addCleanup(no_thread.stop)

    def test_way(self):
        self.assertEqual(nsfd.way(), "module")


class ByThread(AnyWay, Case):
    taken = ("syscall", "module")

    def test_way(self):
        self.assertEqual(nsfd.way(), "thread")

    def test_a_filter_that_fails_with_EPERM(self):
        refused = mock.patch.object(
            _kernel, "_socketat", side_effect=PermissionError(errno.EPERM, "filter")
        )
        with refused, nsfd.socket("blue") as sock:
            self.assertEqual(home_of(sock), named("blue"))

    def test_an_exception_of_a_signal_handler(self):
        def slow(*args):
            time.sleep(0.3)
            return setns(*args)

        def handler(*_):
            raise InterruptedError("by hand")

        setns = _kernel._setns
        old = signal.signal(signal.SIGALRM, handler)
        self.addCleanup(signal.signal, signal.SIGALRM, old)
        with mock.patch.object(_kernel, "_setns", slow):
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            with self.assertRaisesRegex(InterruptedError, "by hand"):
                nsfd.socket("blue")

    def test_no_thread_to_be_had(self):
        for patch in (
            mock.patch.object(_kernel, "start_new_thread", side_effect=RuntimeError),
            mock.patch.object(_kernel.sys, "is_finalizing", return_value=True),
        ):
            with patch:
                self.assertErrno(errno.EAGAIN, nsfd.socket, "blue")

    def test_green_threads(self):
        def at_once(function, args):
            function(*args)
            return 0

        place = own()
        with mock.patch.object(_kernel, "start_new_thread", at_once):
            self.assertErrno(errno.ENOTSUP, nsfd.socket, "blue")
        self.assertEqual(own(), place)

    def test_no_trace_function_enters(self):
        seen = []
        threading.settrace(lambda *_: seen.append(own()))
        self.addCleanup(threading.settrace, None)
        nsfd.socket("blue").close()
        self.assertEqual(seen, [])

    def test_at_exit(self):
        script = """
import atexit, errno, nsfd, sys
from nsfd import _kernel
_kernel._NR_SOCKETAT, _kernel.DEVICE = None, "/nonexistent"
def attempt(what):
    try:
        nsfd.socket("blue").close()
    except OSError as e:
        print(what, errno.errorcode[e.errno], flush=True)
    else:
        print(what, "socket", flush=True)
class Late:
    def __del__(self, attempt=attempt):
        attempt("late")
nsfd.late = Late()
atexit.register(attempt, "atexit")
"""
        result = subprocess.run(
            [sys.executable, "-c", script], stdout=subprocess.PIPE, timeout=20, text=True
        )
        self.assertEqual(result.returncode, 0)
        self.assertRegex(result.stdout, "atexit (socket|EAGAIN)\n")


class Best(AnyWay, Case):
    """By whichever method is the first here."""

    def test_way(self):
        expected = "syscall" if HAS_CALL else "module" if HAS_MODULE else "thread"
        self.assertEqual(nsfd.way(), expected)


    def test_with_a_seccomp_filter(self):
        def child():
            allow_everything()
            self.assertEqual(nsfd.way(), "syscall" if HAS_CALL else "thread")
            with nsfd.socket("blue") as sock:
                self.assertEqual(home_of(sock), named("blue"))
            with nsfd.socket("/proc/thread-self/ns/net") as sock:
                self.assertEqual(home_of(sock), own())

        self.in_child(child)


class Arguments(Case):
    def test_names(self):
        for name in ("", ".", "..", b""):
            with self.subTest(name):
                self.assertErrno(errno.EINVAL, nsfd.socket, name)
        e = self.assertErrno(errno.ENOENT, nsfd.socket, "nowhere")
        self.assertEqual(e.filename, "/run/netns/nowhere")
        self.assertErrno(errno.ENAMETOOLONG, nsfd.socket, 300 * "x")
        self.assertRaises(ValueError, nsfd.socket, "a\0b")
        # A path object is a path, even if it looks like a name.
        self.assertErrno(errno.ENOENT, nsfd.socket, pathlib.Path("blue"))

    def test_what_a_path_leads_to(self):
        for path in ("/dev/null", "/run", "/proc/self/ns/mnt", "/etc/passwd"):
            with self.subTest(path):
                e = self.assertErrno(errno.EINVAL, nsfd.socket, path)
                self.assertEqual(e.filename, path)
        os.mkfifo("/run/fifo")
        self.addCleanup(os.unlink, "/run/fifo")
        self.assertErrno(errno.EINVAL, nsfd.open, "/run/fifo")

    def test_a_fifo_is_not_opened(self):
        os.mkfifo("/run/fifo")
        self.addCleanup(os.unlink, "/run/fifo")
        writer = subprocess.Popen(
            [sys.executable, "-c", "print(flush=True); open('/run/fifo', 'w')"],
            stdout=subprocess.PIPE,
        )
        self.addCleanup(writer.communicate)
        self.addCleanup(writer.kill)
        writer.stdout.readline()
        for _ in range(50):
            self.assertErrno(errno.EINVAL, nsfd.open, "/run/fifo")
            time.sleep(0.01)
        self.assertIsNone(writer.poll())

    def test_types(self):
        for netns in (None, True, False, 1.5, [], object()):
            with self.subTest(type(netns).__name__):
                self.assertRaises(TypeError, nsfd.socket, netns)
        self.assertRaises(TypeError, nsfd.socket, "blue", 2.0)
        self.assertRaises(TypeError, nsfd.socket, "blue", "2")
        self.assertRaises(TypeError, nsfd.revoke, "blue")

    def test_no_bits_are_dropped(self):
        # ctypes takes 2**32 + 2 for 2.
        for args in ((2**32 + 2,), (2, 2**32 + 1), (2, 1, 2**32)):
            with self.subTest(len(args)):
                self.assertRaises(OverflowError, nsfd.socket, "blue", *args)
        with nsfd.open("blue") as blue:
            self.assertRaises(OverflowError, nsfd.socket, 2**32 + blue.fileno())

    def test_the_errno_of_ctypes_is_kept(self):
        ctypes.set_errno(123)
        nsfd.socket("blue").close()
        self.assertErrno(errno.EBADF, nsfd.socket, -1)
        self.assertEqual(ctypes.get_errno(), 123)
        ctypes.set_errno(0)

    def test_an_object_that_is_not_made(self):
        class Refused(Exception):
            pass

        for when in ("before", "after"):

            class Broken(socket.socket):
                def __init__(self, *args):
                    if when == "after":
                        super().__init__(*args)
                    raise Refused

            with self.subTest(when), mock.patch.object(
                socket, "socket", Broken
            ), warnings.catch_warnings():
                before = descriptors()
                warnings.simplefilter("ignore", ResourceWarning)
                self.assertRaises(Refused, nsfd.socket, "blue")
                gc.collect()
                self.assertEqual(descriptors(), before)


class Objects(Case):
    def test_open(self):
        with nsfd.open("blue") as blue:
            self.assertFalse(os.get_inheritable(blue.fileno()))
            self.assertEqual(inode_of(blue.fileno()), named("blue"))
            with nsfd.open(blue) as again:
                self.assertNotEqual(again.fileno(), blue.fileno())
                self.assertFalse(os.get_inheritable(again.fileno()))
            self.assertEqual(inode_of(blue.fileno()), named("blue"))
        self.assertEqual(blue.fileno(), -1)
        blue.close()
        with open("/dev/null") as null:
            self.assertErrno(errno.EINVAL, nsfd.open, null)

    def test_ownership(self):
        fd = os.open("/run/netns/blue", os.O_RDONLY)
        blue = nsfd.Namespace(fd)
        self.assertEqual(blue.detach(), fd)
        blue.close()
        os.close(fd)
        fd = os.open("/dev/null", os.O_RDONLY)
        self.assertErrno(errno.EINVAL, nsfd.Namespace, fd)
        gc.collect()
        os.close(fd)

    def test_one_that_is_forgotten(self):
        fd = nsfd.open("blue").detach()
        with self.assertWarns(ResourceWarning):
            blue = nsfd.Namespace(fd)
            del blue
            gc.collect()
        self.assertErrno(errno.EBADF, os.close, fd)

    def test_no_copies(self):
        with nsfd.open("blue") as blue:
            self.assertRaises(TypeError, copy.copy, blue)
            self.assertRaises(TypeError, copy.deepcopy, blue)
            self.assertRaises(TypeError, pickle.dumps, blue)


class Delegation(Case):
    @WANTS_GRANT
    def test_a_socket_without_privilege(self):
        with nsfd.delegate("blue") as granted:
            self.assertFalse(os.get_inheritable(granted.fileno()))

            # SIOCGSKNS requires a capability, so the port tells the namespace.
            def worker():
                with nsfd.open(granted) as again:
                    nsfd.socket(again).close()
                with nsfd.create_server(granted, ("127.0.0.1", 8080)) as server:
                    with nsfd.create_connection(granted, ("127.0.0.1", 8080)):
                        server.accept()[0].close()
                self.assertErrno(errno.EPERM, nsfd.delegate, granted)
                self.assertErrno(errno.EPERM, nsfd.revoke, granted)

            self.as_nobody(worker)

    @WANTS_GRANT
    def test_revoke(self):
        with nsfd.delegate("blue") as granted:
            with nsfd.socket(granted) as sock:
                nsfd.revoke(granted)
                sock.bind(("127.0.0.1", 0))
            self.as_nobody(
                lambda: self.assertErrno(errno.EPERM, nsfd.socket, granted)
            )

    @WANTS_GRANT
    def test_own_namespace_after_revoke(self):
        with nsfd.delegate("/proc/thread-self/ns/net") as granted:
            nsfd.revoke(granted)
            self.as_nobody(lambda: nsfd.socket(granted).close())

    @WANTS_NO_GRANT
    def test_no_delegation(self):
        self.assertErrno(errno.ENOSYS, nsfd.delegate, "blue")

    def test_errors(self):
        self.assertErrno(errno.EBADF, nsfd.delegate, -1)
        self.assertErrno(errno.EBADF, nsfd.revoke, -1)
        self.assertErrno(errno.EINVAL, nsfd.delegate, "/dev/null")
        self.assertErrno(errno.ENOENT, nsfd.delegate, "nowhere")
        with nsfd.open("blue") as blue:
            self.assertErrno(errno.EINVAL, nsfd.revoke, blue)
        with open("/dev/null") as null:
            self.assertErrno(errno.EINVAL, nsfd.revoke, null)

    @WANTS_MODULE
    def test_what_the_module_delegated(self):
        # Without the device, which the worker need not see.
        with mock.patch.object(fcntl, "ioctl", wraps=fcntl.ioctl) as ioctl:
            ioctl.side_effect = lambda fd, request, *rest: (
                (_ for _ in ()).throw(OSError(errno.ENOTTY, "nsfs"))
                if request == _kernel._NS_NET_DELEGATE_SOCKETS
                else mock.DEFAULT
            )
            granted = nsfd.delegate("blue")
        with granted:
            for patch in without("module"):
                with patch, nsfd.socket(granted) as sock:
                    self.assertEqual(home_of(sock), named("blue"))


class Addresses(Case):
    def exchange(self, server, client):
        with server, client:
            accepted, _ = server.accept()
            with accepted:
                client.sendall(b"ping")
                self.assertEqual(accepted.recv(4), b"ping")

    def test_server_and_connection(self):
        for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            with self.subTest(host):
                server = nsfd.create_server("blue", (host, 8000), family=family)
                self.assertEqual(home_of(server), named("blue"))
                # Neither here nor in green.
                self.assertErrno(
                    errno.ECONNREFUSED, socket.create_connection, (host, 8000)
                )
                self.assertErrno(
                    errno.ECONNREFUSED, nsfd.create_connection, "green", (host, 8000)
                )
                client = nsfd.create_connection(
                    "blue", (host, 8000), timeout=5, source_address=(host, 8001)
                )
                self.assertEqual(home_of(client), named("blue"))
                self.assertEqual(client.gettimeout(), 5)
                self.assertEqual(client.getsockname()[:2], (host, 8001))
                self.exchange(server, client)

    def test_the_empty_host(self):
        for options, hosts in (
            ({}, ["127.0.0.1"]),
            ({"family": socket.AF_INET6}, ["::1"]),
            ({"family": socket.AF_INET6, "dualstack_ipv6": True}, ["::1", "127.0.0.1"]),
        ):
            for host in hosts:
                with self.subTest(host, **options):
                    server = nsfd.create_server("blue", ("", 8002), **options)
                    self.exchange(
                        server, nsfd.create_connection("blue", (host, 8002))
                    )
        with nsfd.create_server("blue", ("", 8003), family=socket.AF_INET6):
            self.assertErrno(
                errno.ECONNREFUSED, nsfd.create_connection, "blue", ("127.0.0.1", 8003)
            )

    def test_options(self):
        self.assertRaises(ValueError, nsfd.create_server, "blue", ("", 0), family=1)
        self.assertRaises(
            ValueError, nsfd.create_server, "blue", ("", 0), dualstack_ipv6=True
        )
        self.assertRaises(ValueError, nsfd.create_server, "blue", ("::", 0, 0, 0))
        with nsfd.create_server("blue", ("", 8004), reuse_port=True, backlog=3):
            e = self.assertErrno(
                errno.EADDRINUSE, nsfd.create_server, "blue", ("", 8004)
            )
            self.assertIn("8004", str(e))
            nsfd.create_server("blue", ("", 8004), reuse_port=True).close()

    def test_names(self):
        server = nsfd.create_server("blue", ("localhost", 8005))
        self.exchange(server, nsfd.create_connection("blue", ("localhost", "8005")))
        with self.assertRaises(socket.gaierror) as caught:
            nsfd.create_connection("blue", ("no such name", 80))
        self.assertIsNone(caught.exception.filename)

    def test_the_first_error_is_raised(self):
        answers = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 8006)),
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("2001:db8::1", 8006, 0, 0)),
        ]
        with mock.patch.object(socket, "getaddrinfo", return_value=answers):
            self.assertErrno(
                errno.ECONNREFUSED, nsfd.create_connection, "blue", ("name", 8006)
            )
            # And the second address is tried where the first one fails.
            with nsfd.create_server("blue", ("", 8006)) as server:
                answers.reverse()
                with nsfd.create_connection("blue", ("name", 8006)):
                    server.accept()[0].close()

    def test_zones_are_of_the_target(self):
        with nsfd.socket("blue", socket.AF_INET6) as sock:
            theirs = nsfd.if_nametoindex(sock, "eth9")
            self.assertErrno(errno.ENODEV, nsfd.if_nametoindex, sock, "eth8")
            self.assertErrno(errno.ENODEV, nsfd.if_nametoindex, sock, "")
            self.assertErrno(errno.ENODEV, nsfd.if_nametoindex, sock, 16 * "x")
        self.assertNotEqual(theirs, socket.if_nametoindex("eth9"))
        for zone in ("eth9", str(theirs)):
            host = "fe80::9%" + zone
            with self.subTest("number" if zone.isdecimal() else "name"):
                server = nsfd.create_server(
                    "blue", (host, 8007), family=socket.AF_INET6
                )
                self.assertEqual(server.getsockname()[3], theirs)
                client = nsfd.create_connection(
                    "blue", (host, 8007), source_address=(host, 0)
                )
                self.assertEqual(client.getpeername()[3], theirs)
                self.exchange(server, client)
        # pad9 is in blue only: the caller's namespace is not asked.
        self.assertErrno(
            errno.ENODEV, nsfd.create_connection, "green", ("fe80::9%eth9", 80)
        )

    def test_zones_that_mean_nothing(self):
        for host in ("2001:db8::1%eth9", "127.0.0.1%eth9", "localhost%eth9"):
            with self.subTest(host):
                self.assertRaises(
                    socket.gaierror, nsfd.create_connection, "blue", (host, 80)
                )

    def test_a_name_with_a_zone_of_the_caller(self):
        index = socket.if_nametoindex("eth9")
        answer = (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("fe80::9", 80, 0, index))
        with mock.patch.object(socket, "getaddrinfo", return_value=[answer]):
            self.assertErrno(
                errno.EADDRNOTAVAIL, nsfd.create_connection, "blue", ("printer", 80)
            )


class Asyncio(Case):
    def test_streams(self):
        async def serve(reader, writer):
            writer.write((await reader.readline()).upper())
            await writer.drain()
            writer.close()

        async def dial(name, family, address):
            sock = nsfd.socket(name, family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
            await asyncio.get_running_loop().sock_connect(sock, address)
            reader, writer = await asyncio.open_connection(sock=sock)
            self.assertEqual(home_of(writer.get_extra_info("socket")), named(name))
            writer.write(name.encode() + b"\n")
            answer = await reader.read()
            writer.close()
            await writer.wait_closed()
            return answer

        async def main():
            servers = [
                await asyncio.start_server(
                    serve, sock=nsfd.create_server(name, ("", 8010))
                )
                for name in ("blue", "green")
            ]
            answers = await asyncio.gather(
                *(
                    dial(name, socket.AF_INET, ("127.0.0.1", 8010))
                    for name in 10 * ("blue", "green")
                )
            )
            for server in servers:
                server.close()
                await server.wait_closed()
            return answers

        self.assertEqual(asyncio.run(main()), 10 * [b"BLUE\n", b"GREEN\n"])


if __name__ == "__main__":
    unittest.main()
