# SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
"""Create sockets by system call, module or helper thread.

The methods, their order and their errors are those of libnsfd (socketat.c,
delegate.c). Nothing is cached, because fork() or a seccomp filter that is
installed later could make a cached result wrong.
"""

from __future__ import annotations

import _socket
import ctypes
import errno
import fcntl
import os
import struct
import sys
from _thread import allocate_lock, get_native_id, start_new_thread
from time import sleep
from typing import Callable, List, Optional

DEVICE = "/dev/nsfd"

_CLONE_NEWNET = 0x40000000
_NSFS_MAGIC = 0x6E736673
_ANON_INODE_FS_MAGIC = 0x09041934

_MACHINE = os.uname().machine


def _socketat_number() -> Optional[int]:
    """Return the number of socketat() in the ABI of this interpreter, if known."""
    if _MACHINE.startswith("alpha"):
        return 658
    abi = getattr(sys.implementation, "_multiarch", "")
    if abi.endswith("gnux32"):
        return 548 + 0x40000000
    if _MACHINE.startswith("mips"):
        # There are three ABIs, and a wrong number could be that of another call.
        if not abi.startswith("mips"):
            return None
        if abi.endswith("gnuabin32"):
            return 548 + 6000
        return 548 + (5000 if abi.endswith("gnuabi64") else 4000)
    return 548


_NR_SOCKETAT = _socketat_number()

# <asm/ioctl.h>: these architectures have their own layout of request numbers.
if _MACHINE.startswith(("alpha", "mips", "ppc", "sparc")):
    _NONE, _WRITE = 1 << 29, 4 << 29
else:
    _NONE, _WRITE = 0, (2 if _MACHINE.startswith("parisc") else 1) << 30

_NSIO = 0xB7 << 8
_NS_GET_NSTYPE = _NONE | _NSIO | 0x03
_NS_NET_DELEGATE_SOCKETS = _NONE | _NSIO | 0x20
_NS_NET_REVOKE_SOCKETS = _NONE | _NSIO | 0x21

# struct nsfd_socket and struct nsfd_delegate of <linux/nsfd.h>.
_SOCKET_ARG = struct.Struct("=IIiiii")
_DELEGATE_ARG = struct.Struct("=IIiI")
_NSFD_SOCKET = _WRITE | _SOCKET_ARG.size << 16 | _NSIO | 0x40
_NSFD_DELEGATE = _WRITE | _DELEGATE_ARG.size << 16 | _NSIO | 0x41

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long
_libc.syscall.argtypes = [ctypes.c_long, *4 * [ctypes.c_int]]
_libc.setns.argtypes = [ctypes.c_int, ctypes.c_int]
_libc.fstatfs.argtypes = [ctypes.c_int, ctypes.c_char_p]
_libc.statx.argtypes = [
    ctypes.c_int,
    ctypes.c_char_p,
    ctypes.c_int,
    ctypes.c_uint,
    ctypes.c_char_p,
]


def error(number: int, text: str = "", filename: Optional[str] = None) -> OSError:
    """Return an OSError of the subclass for its number."""
    return OSError(number, text or os.strerror(number), filename)


def _call(function: Callable[..., int], *args: object) -> int:
    # A Python signal handler can run between the call and get_errno(). If the
    # handler calls this function, it has to preserve errno.
    saved = ctypes.get_errno()
    result = function(*args)
    number = ctypes.get_errno()
    ctypes.set_errno(saved)
    if result < 0:
        raise error(number)
    return result


def _socketat(nsfd: int, family: int, kind: int, proto: int) -> int:
    if _NR_SOCKETAT is None:
        raise error(errno.ENOSYS)
    return _call(_libc.syscall, _NR_SOCKETAT, nsfd, family, kind, proto)


def _have_socketat() -> bool:
    """Check whether the kernel has the call and no seccomp filter blocks it."""
    try:
        _socketat(-1, 0, 0, 0)
    except OSError as e:
        return e.errno == errno.EBADF
    return False


def _setns(nsfd: int, kind: int) -> None:
    _call(_libc.setns, nsfd, kind)


def _ioctl(fd: int, request: int, arg: bytearray) -> int:
    # For a mutable object, fcntl.ioctl() returns the result of ioctl().
    return int(fcntl.ioctl(fd, request, arg, True))


def _socket_arg(nsfd: int, family: int, kind: int, proto: int) -> bytearray:
    return bytearray(
        _SOCKET_ARG.pack(_SOCKET_ARG.size, 0, nsfd, family, kind, proto)
    )


def _device_ioctl(request: int, arg: bytearray) -> int:
    """Make a request to the module. ENOSYS: no device supports it."""
    try:
        dev = os.open(DEVICE, os.O_RDWR | os.O_CLOEXEC)
    except OSError as e:
        # open() checks for a free file descriptor before it looks up the path.
        if e.errno in (errno.EMFILE, errno.ENFILE, errno.ENOMEM) and os.access(
            DEVICE, os.F_OK
        ):
            raise
        raise error(errno.ENOSYS) from None
    try:
        return _ioctl(dev, request, arg)
    except OSError as e:
        if e.errno != errno.ENOTTY:
            raise
        raise error(errno.ENOSYS) from None
    finally:
        os.close(dev)


def _filesystem(fd: int) -> int:
    # struct statfs has at most 128 bytes. f_type is its first member.
    buf = ctypes.create_string_buffer(512)
    _call(_libc.fstatfs, fd, buf)
    size = 4 if _MACHINE.startswith("s390") else ctypes.sizeof(ctypes.c_long)
    return int.from_bytes(buf.raw[:size], sys.byteorder)


def check_net(fd: int) -> bool:
    """Raise EBADF or EINVAL unless fd refers to a network namespace.

    Return whether the module delegated it. Such a file descriptor does not refer
    to a file in nsfs, and only the module accepts it.
    """
    # For a negative number, Python's fcntl() raises ValueError.
    if fd < 0 or fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_PATH:
        raise error(errno.EBADF)
    filesystem = _filesystem(fd)
    # The driver of another file could interpret the request as one of its own.
    if filesystem in (_NSFS_MAGIC, _ANON_INODE_FS_MAGIC):
        try:
            if fcntl.ioctl(fd, _NS_GET_NSTYPE, 0) == _CLONE_NEWNET:
                return filesystem != _NSFS_MAGIC
        except OSError:
            pass
    raise error(errno.EINVAL)


def _is_from_module(fd: int) -> bool:
    try:
        return check_net(fd)
    except OSError:
        return False


def _check_nsfs(handle: int) -> None:
    """Raise EINVAL unless handle refers to a file of nsfs.

    fstatfs() and fstat() query the file system, which may not respond.
    """
    empty_path, dont_sync = 0x1000, 0x4000
    buf = ctypes.create_string_buffer(256)
    _call(_libc.statx, handle, b"", empty_path | dont_sync, 0, buf)
    # stx_dev_major and stx_dev_minor
    device = os.makedev(*struct.unpack_from("=II", buf, 136))
    if device != os.stat("/proc/thread-self/ns/net").st_dev:
        raise error(errno.EINVAL)


def open_net(path: str) -> int:
    """Open the network namespace at a path.

    Opening a FIFO unblocks its writer, opening a device can have any effect,
    and opening a file of another user can block. O_PATH does none of this, so
    check first.
    """
    fd = -1
    handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        _check_nsfs(handle)
        link = f"/proc/thread-self/fd/{handle}"
        fd = os.open(link, os.O_RDONLY | os.O_CLOEXEC)
        check_net(fd)
    except BaseException as e:
        if fd >= 0:
            os.close(fd)
        if isinstance(e, OSError):
            e.filename = path
        raise
    finally:
        os.close(handle)
    return fd


def _field(path: str, key: str) -> Optional[str]:
    """Return the value of a key in a file of /proc, or None."""
    with open(path, "rb") as file:
        for line in file.read().splitlines():
            if line.startswith(os.fsencode(key)):
                return os.fsdecode(line[len(key) :].strip())
    return None


def _is_own(nsfd: int) -> bool:
    """Check whether nsfd refers to the network namespace of the calling thread."""
    try:
        own, target = os.stat("/proc/thread-self/ns/net"), os.fstat(nsfd)
        if _is_from_module(nsfd):
            inode = _field(f"/proc/thread-self/fdinfo/{nsfd}", "ns-inode:")
            return inode == str(own.st_ino)
    except OSError:
        return False
    return (own.st_dev, own.st_ino) == (target.st_dev, target.st_ino)


def _may_have_filter() -> bool:
    """Check whether a seccomp filter may apply to the calling thread.

    Read this from /proc, because a filter might kill the process for prctl().
    """
    try:
        return _field("/proc/thread-self/status", "Seccomp:") not in ("0", None)
    except OSError:
        return True


def _plain_socket(family: int, kind: int, proto: int) -> int:
    # Do not use socket.socket, which the program may have replaced.
    return _socket.socket(family, kind, proto).detach()


def _wait_for_exit(tid: int) -> None:
    """Wait until the kernel has removed a thread that is about to exit.

    Until then, unshare(CLONE_NEWUSER) fails, os.fork() warns, and the thread pins
    the namespace. This takes microseconds, unless a debugger stops the thread;
    the number of attempts is limited for this case.
    """
    for attempt in range(200):
        if not os.access(f"/proc/self/task/{tid}", os.F_OK):
            return
        sleep(0 if attempt < 100 else 0.001)


def _by_thread(nsfd: int, family: int, kind: int, proto: int) -> int:
    """Create the socket in a thread that enters the namespace and exits.

    The thread never returns to the original namespace, so there is no second
    setns() that could fail. It is started by _thread instead of threading, whose
    hooks could run a trace function in the target namespace.
    """
    caller = get_native_id()
    done = allocate_lock()
    fds: List[int] = []
    tids: List[int] = []
    errors: List[BaseException] = []

    def enter_and_create() -> None:
        try:
            tids.append(get_native_id())
            if tids[0] == caller:
                raise error(
                    errno.ENOTSUP,
                    "threads are emulated here: import nsfd before "
                    "gevent or eventlet replace them",
                )
            _setns(nsfd, _CLONE_NEWNET)
            fds.append(_plain_socket(family, kind, proto))
        except BaseException as e:
            errors.append(e)
        finally:
            done.release()

    if sys.is_finalizing():
        # A new thread would exit before its first instruction.
        raise error(errno.EAGAIN, "no helper thread at interpreter shutdown")
    done.acquire()
    try:
        start_new_thread(enter_and_create, ())
    except RuntimeError as e:
        raise error(errno.EAGAIN, f"no helper thread: {e}") from None

    # A signal handler can raise an exception here, as that of SIGINT does. Wait for
    # the thread even then: it uses nsfd, which the caller may close, and its socket
    # has to be closed.
    interrupt: Optional[BaseException] = None
    while True:
        try:
            done.acquire()
            break
        except BaseException as e:
            interrupt = e
    try:
        if interrupt:
            raise interrupt
        if tids and tids[0] != caller:
            _wait_for_exit(tids[0])
        if errors:
            raise errors[0]
        return fds.pop()
    finally:
        if fds:
            os.close(fds.pop())
        # Break the reference cycle of the exception and this frame.
        errors.clear()
        interrupt = None


def make_socket(nsfd: int, family: int, kind: int, proto: int) -> int:
    """Create a socket in the network namespace that nsfd refers to."""
    try:
        return _socketat(nsfd, family, kind, proto)
    except OSError as e:
        # Keep only the number; the exception and this frame would form a cycle.
        number = e.errno or 0
    # A seccomp filter can make an unknown call fail with EPERM.
    missing = number == errno.ENOSYS or (
        number == errno.EPERM and not _have_socketat()
    )
    # The system call rejects file descriptors that the module has delegated. They
    # accept the request themselves.
    if (missing or number == errno.EINVAL) and _is_from_module(nsfd):
        try:
            return _ioctl(nsfd, _NSFD_SOCKET, _socket_arg(-1, family, kind, proto))
        except OSError as e:
            # After it has been revoked, it still refers to the namespace.
            if e.errno != errno.EPERM or not _is_own(nsfd):
                raise
        return _plain_socket(family, kind, proto)
    if not missing:
        raise error(number)

    try:
        return _device_ioctl(_NSFD_SOCKET, _socket_arg(nsfd, family, kind, proto))
    except OSError as e:
        # The module also fails with EPERM for a caller with a filter, and for the
        # caller's own namespace, in which socket() has to be used.
        if e.errno == errno.EPERM:
            if not (_may_have_filter() or _is_own(nsfd)):
                raise
        elif e.errno != errno.ENOSYS:
            raise
    check_net(nsfd)
    if _is_own(nsfd):
        return _plain_socket(family, kind, proto)
    return _by_thread(nsfd, family, kind, proto)


def delegate(nsfd: int) -> int:
    """Create a delegated file descriptor."""
    if not check_net(nsfd):
        try:
            return fcntl.ioctl(nsfd, _NS_NET_DELEGATE_SOCKETS, 0)
        except OSError as e:
            if e.errno != errno.ENOTTY:
                raise
    return _device_ioctl(
        _NSFD_DELEGATE,
        bytearray(_DELEGATE_ARG.pack(_DELEGATE_ARG.size, 0, nsfd, 0)),
    )


def revoke(nsfd: int) -> None:
    """Revoke the delegation for a file descriptor and all its duplicates."""
    check_net(nsfd)
    try:
        fcntl.ioctl(nsfd, _NS_NET_REVOKE_SOCKETS, 0)
    except OSError as e:
        # A kernel without this request has not delegated anything.
        if e.errno == errno.ENOTTY:
            raise error(errno.EINVAL) from None
        raise


def way() -> str:
    """Return the method that make_socket() uses."""
    if _have_socketat():
        return "syscall"
    try:
        _device_ioctl(_NSFD_SOCKET, _socket_arg(-1, 0, 0, 0))
    except OSError as e:
        if e.errno == errno.EBADF and not _may_have_filter():
            return "module"
    try:
        _setns(-1, 0)
    except OSError as e:
        if e.errno == errno.EBADF:
            return "thread"
    return "none"
