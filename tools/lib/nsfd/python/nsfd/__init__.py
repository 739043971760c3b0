# SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
"""Create sockets in other network namespaces without entering them.

    import nsfd

    with nsfd.open("blue") as blue:
        server = nsfd.create_server(blue, ("", 80))
        client = nsfd.create_connection(blue, ("10.0.0.1", 80))

The calling thread stays in its network namespace; the socket belongs to the
target namespace for its lifetime. The first of these methods that is available
creates it:

1. the system call socketat();
2. the device /dev/nsfd of the module nsfd, if the call is missing or blocked by
   a seccomp filter;
3. a thread that enters the namespace with setns(), creates the socket and
   exits. This method also requires CAP_SYS_ADMIN in the caller's user namespace.

A network namespace, netns in the functions below, is one of

* a str or bytes without a slash: a name of ip-netns(8), which is a file in
  /run/netns or, if there is none, in /var/run/netns;
* a str or bytes with a slash, or any os.PathLike: a path, such as /proc/1/ns/net;
* an int: a file descriptor, which remains open;
* an object with fileno(), such as those that nsfd.open() and nsfd.delegate() return.

Functions that fail raise OSError, or its subclass for the error number.

create_connection() and create_server() resolve hostnames in the network namespace
of the calling thread, by its resolv.conf and its DNS servers, as
socket.getaddrinfo() does. For a name that only the target namespace can resolve,
pass the address. The zone of an IPv6 address ("fe80::1%eth0"), on the other hand,
is an interface of the target namespace. The methods of socket.socket do not support
this: sock.connect(("fe80::1%eth0", 80)) uses the index of the caller's eth0. Pass
the index of the target's eth0 instead:

    sock.connect(("fe80::1", 80, 0, nsfd.if_nametoindex(sock, "eth0")))

The functions of asyncio accept these sockets as the parameter sock:

    server = await asyncio.start_server(serve, sock=nsfd.create_server(blue, ("", 80)))

    sock = nsfd.socket(green, socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    await asyncio.get_running_loop().sock_connect(sock, ("10.0.0.1", 80))
    reader, writer = await asyncio.open_connection(sock=sock)
"""

from __future__ import annotations

import _socket
import errno
import fcntl
import ipaddress
import operator
import os
import socket as _net
import struct
import warnings
from typing import Any, List, NoReturn, Optional, Protocol, Tuple, Union

from nsfd import _kernel

__all__ = [
    "Namespace",
    "Netns",
    "create_connection",
    "create_server",
    "delegate",
    "if_nametoindex",
    "open",
    "revoke",
    "socket",
    "way",
]


class HasFileno(Protocol):
    """An object that has a file descriptor."""

    def fileno(self) -> int:
        """Return the file descriptor."""


Netns = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]", int, HasFileno]
Address = Tuple[Optional[str], Union[int, str, None]]

_SIOCGIFINDEX = 0x8933
_IFNAMSIZ = 16


class Namespace:
    """An object that owns a file descriptor for a network namespace.

    Namespace(fd) takes ownership of an existing file descriptor, such as one
    from socket.recv_fds(). If fd does not refer to a network namespace, the
    constructor fails, and fd remains open and the caller's.
    """

    __slots__ = ("_fd", "__weakref__")

    def __init__(self, fd: int) -> None:
        self._fd = -1
        fd = _c_int(fd)
        _kernel.check_net(fd)
        self._fd = fd

    def fileno(self) -> int:
        """Return the file descriptor, or -1 after close()."""
        return self._fd

    def detach(self) -> int:
        """Return the file descriptor, which the caller then has to close."""
        fd, self._fd = self._fd, -1
        return fd

    def close(self) -> None:
        """Close the file descriptor. Sockets in the namespace remain valid."""
        fd = self.detach()
        if fd >= 0:
            os.close(fd)

    def __enter__(self) -> Namespace:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __del__(self, _warn: Any = warnings.warn, _close: Any = os.close) -> None:
        fd, self._fd = self._fd, -1
        if fd >= 0:
            try:
                _warn(f"unclosed nsfd.Namespace fd={fd}", ResourceWarning, 2, self)
            finally:
                _close(fd)

    def __repr__(self) -> str:
        return f"<nsfd.Namespace fd={self._fd}>"

    def __reduce__(self) -> NoReturn:
        # Two objects would close the same file descriptor.
        raise TypeError("cannot copy or pickle nsfd.Namespace: use nsfd.open()")


def _c_int(value: Any) -> int:
    # ctypes would silently drop the upper bits.
    value = operator.index(value)
    if not -(2**31) <= value < 2**31:
        raise OverflowError(f"{value} does not fit in a C int")
    return int(value)


def _path(netns: Netns) -> Optional[str]:
    """Return the path of a namespace that is given by name or path, or None."""
    if isinstance(netns, (str, bytes)):
        name = os.fsdecode(netns)
        if "/" in name:
            return name
        if name in ("", ".", ".."):
            raise _kernel.error(
                errno.EINVAL, "not the name of a network namespace", name
            )
        path = "/run/netns/" + name
        if not os.path.exists(path) and os.path.exists("/var" + path):
            return "/var" + path
        return path
    if isinstance(netns, os.PathLike):
        return os.fsdecode(netns)
    return None


def _fileno(netns: Any) -> int:
    if isinstance(netns, bool):
        raise TypeError("a network namespace cannot be a bool")
    if hasattr(netns, "__index__"):
        return _c_int(netns)
    try:
        fileno = netns.fileno
    except AttributeError:
        raise TypeError(
            "a network namespace is a name, a path, a file descriptor or an "
            f"object with fileno(), not {type(netns).__name__}"
        ) from None
    return _c_int(fileno())


class _Borrowed:
    """The file descriptor for netns, while a function uses it."""

    __slots__ = ("netns", "path", "fd")

    def __init__(self, netns: Netns) -> None:
        self.netns = netns
        self.path = _path(netns)

    def __enter__(self) -> int:
        if self.path is None:
            self.fd = _fileno(self.netns)
        else:
            self.fd = _kernel.open_net(self.path)
        return self.fd

    def __exit__(self, kind: object, e: Optional[BaseException], tb: object) -> None:
        if self.path is None:
            return
        os.close(self.fd)
        if isinstance(e, OSError) and e.errno is not None and e.filename is None:
            e.filename = self.path


def _own(fd: int) -> Namespace:
    namespace = Namespace.__new__(Namespace)
    namespace._fd = fd
    return namespace


def open(netns: Netns) -> Namespace:
    """Open a network namespace, or duplicate a file descriptor for one."""
    path = _path(netns)
    if path is not None:
        return _own(_kernel.open_net(path))
    fd = _fileno(netns)
    _kernel.check_net(fd)
    return _own(fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 0))


def _socket_object(nsfd: int, family: int, type: int, proto: int) -> _net.socket:
    # Use SOCK_CLOEXEC, as Python does for all file descriptors.
    fd = _kernel.make_socket(nsfd, family, type | _net.SOCK_CLOEXEC, proto)
    sock = _net.socket.__new__(_net.socket)
    try:
        sock.__init__(family, type, proto, fd)  # type: ignore[misc]
    except BaseException:
        # If the object already owns fd, it closes it, and a second close() could
        # close a file descriptor of another thread. _net.socket(...) would not
        # show which is the case.
        if isinstance(sock, _socket.socket) and _socket.socket.fileno(sock) < 0:
            os.close(fd)
        raise
    return sock


def socket(
    netns: Netns, family: int = -1, type: int = -1, proto: int = -1
) -> _net.socket:
    """Create a socket in a network namespace.

    The other parameters are those of socket.socket(). By default, this is a TCP
    socket of IPv4. type can contain SOCK_NONBLOCK.
    """
    family, type, proto = _c_int(family), _c_int(type), _c_int(proto)
    with _Borrowed(netns) as nsfd:
        return _socket_object(
            nsfd,
            _net.AF_INET if family == -1 else family,
            _net.SOCK_STREAM if type == -1 else type,
            0 if proto == -1 else proto,
        )


def delegate(netns: Netns) -> Namespace:
    """Create a delegated file descriptor, for which socket() requires no capability.

    It can be passed to an unprivileged process by fork(), by pass_fds of
    subprocess, or by socket.send_fds(). If neither the kernel nor the module can
    delegate, the function fails with ENOSYS.
    """
    with _Borrowed(netns) as nsfd:
        return _own(_kernel.delegate(nsfd))


def revoke(delegated: Union[int, HasFileno]) -> None:
    """Revoke the delegation for a file descriptor and all its duplicates.

    Existing sockets remain valid. If the file descriptor is not delegated, the
    function fails with EINVAL.
    """
    _kernel.revoke(_fileno(delegated))


def way() -> str:
    """Return the method that socket() uses.

    This is "syscall", "module", "thread" or "none".
    """
    return _kernel.way()


def if_nametoindex(sock: HasFileno, name: str) -> int:
    """Return the index of an interface in the network namespace of a socket."""
    encoded = os.fsencode(name)
    if not 0 < len(encoded) < _IFNAMSIZ or b"\0" in encoded:
        raise _kernel.error(errno.ENODEV, "", name)
    request = bytearray(struct.pack("16si20x", encoded, 0))
    try:
        fcntl.ioctl(sock.fileno(), _SIOCGIFINDEX, request, True)
    except OSError as e:
        e.filename = name
        raise
    return int(struct.unpack_from("i", request, _IFNAMSIZ)[0])


def _zone_index(sock: HasFileno, zone: str) -> int:
    """Return the index of a zone, by the rules of getaddrinfo(3)."""
    try:
        return if_nametoindex(sock, zone)
    except OSError as e:
        if e.errno != errno.ENODEV or not (zone.isascii() and zone.isdecimal()):
            raise
        if not 0 < int(zone) < 2**31:
            raise
        return int(zone)


_Target = Tuple[int, int, int, Tuple[Any, ...], Optional[str]]


def _resolve(host: Any, port: Any, family: int, flags: int) -> List[_Target]:
    """Resolve an address, except for its zone, in the caller's namespace."""
    zone: Optional[str] = None
    if isinstance(host, (bytes, bytearray)):
        host = host.decode("ascii")
    if host and "%" in host:
        host, _, zone = host.partition("%")
        try:
            ip = ipaddress.IPv6Address(host)
        except ValueError:
            raise _net.gaierror(
                _net.EAI_NONAME, f"zone '{zone}' of '{host}', which is no IPv6 address"
            ) from None
        # For other addresses, the kernel would ignore the zone.
        scoped = ip.is_link_local or (ip.is_multicast and ip.packed[1] & 15 in (1, 2))
        if not scoped:
            raise _net.gaierror(
                _net.EAI_NONAME, f"zone '{zone}' of '{host}', which is not link-local"
            )
    usable: List[_Target] = []
    for f, t, p, _, addr in _net.getaddrinfo(
        host, port, family, _net.SOCK_STREAM, 0, flags
    ):
        # mDNS and /etc/hosts can add an index, which is one of the caller's
        # network namespace.
        scope = addr[3:]
        if not any(scope):
            usable.append((f, t, p, addr, zone))
    if not usable:
        raise _kernel.error(
            errno.EADDRNOTAVAIL,
            f"'{host}' is a link-local address of the caller's network namespace",
        )
    return usable


def _sockaddr(sock: _net.socket, target: _Target) -> Tuple[Any, ...]:
    """Return the address of a target, with the zone in the socket's namespace."""
    addr, zone = target[3], target[4]
    if zone is None:
        return addr
    return (addr[0], addr[1], addr[2], _zone_index(sock, zone))


def _connect(
    nsfd: int, target: _Target, timeout: Any, source_address: Optional[Address]
) -> _net.socket:
    sock = _socket_object(nsfd, *target[:3])
    try:
        if timeout is not _DEFAULT_TIMEOUT:
            sock.settimeout(timeout)
        if source_address:
            host, port = source_address
            source = _resolve(host or None, port, target[0], _net.AI_PASSIVE)[0]
            sock.bind(_sockaddr(sock, source))
        sock.connect(_sockaddr(sock, target))
    except BaseException:
        sock.close()
        raise
    return sock


_DEFAULT_TIMEOUT: Any = object()


def create_connection(
    netns: Netns,
    address: Address,
    timeout: Optional[float] = _DEFAULT_TIMEOUT,
    source_address: Optional[Address] = None,
) -> _net.socket:
    """Connect to a TCP server from a network namespace.

    As socket.create_connection() does, try all addresses of a host, and raise the
    first error if no connection succeeds. Names are resolved in the caller's
    network namespace, and zones of IPv6 addresses in the target namespace.
    """
    host, port = address
    errors: List[OSError] = []
    targets = _resolve(host, port, 0, 0)
    try:
        with _Borrowed(netns) as nsfd:
            for target in targets:
                try:
                    return _connect(nsfd, target, timeout, source_address)
                except OSError as e:
                    errors.append(e)
        raise errors[0]
    finally:
        # Break the reference cycle of the exceptions and this frame.
        errors.clear()


def create_server(
    netns: Netns,
    address: Address,
    *,
    family: int = _net.AF_INET,
    backlog: Optional[int] = None,
    reuse_port: bool = False,
    dualstack_ipv6: bool = False,
) -> _net.socket:
    """Create a TCP socket that listens in a network namespace.

    The parameters are those of socket.create_server(). If the host is empty, the
    socket listens on all addresses of the namespace. Names are resolved as for
    create_connection().
    """
    if family not in (_net.AF_INET, _net.AF_INET6):
        raise ValueError("family must be AF_INET or AF_INET6")
    if dualstack_ipv6 and family != _net.AF_INET6:
        raise ValueError("dualstack_ipv6 requires AF_INET6")
    host, port = address
    target = _resolve(host or None, port, family, _net.AI_PASSIVE)[0]
    with _Borrowed(netns) as nsfd:
        sock = _socket_object(nsfd, *target[:3])
        try:
            sock.setsockopt(_net.SOL_SOCKET, _net.SO_REUSEADDR, 1)
            if reuse_port:
                sock.setsockopt(_net.SOL_SOCKET, _net.SO_REUSEPORT, 1)
            if family == _net.AF_INET6:
                sock.setsockopt(
                    _net.IPPROTO_IPV6, _net.IPV6_V6ONLY, 0 if dualstack_ipv6 else 1
                )
            try:
                sock.bind(_sockaddr(sock, target))
            except OSError as e:
                raise OSError(
                    e.errno, f"{e.strerror} (while binding to {address!r})"
                ) from None
            if backlog is None:
                sock.listen()
            else:
                sock.listen(backlog)
        except BaseException:
            sock.close()
            raise
        return sock
