#!/usr/bin/env python3
"""What setns() does, for each descriptor, type and state of the caller, in a
booted guest: a line for each call with its errno, and with what has changed of
the caller. Namespaces are named by whose they are, so two kernels can be compared.

usage: differential.py
"""
import ctypes
import errno
import itertools
import os
import socket
import threading

libc = ctypes.CDLL(None, use_errno=True)
SYS_PIDFD_OPEN, SYS_SETNS = 434, 308
TYPES = {"user": 0x10000000, "mnt": 0x20000, "uts": 0x4000000, "ipc": 0x8000000,
         "pid": 0x20000000, "cgroup": 0x2000000, "net": 0x40000000, "time": 0x80}
TYPES = {name: flag for name, flag in TYPES.items()
         if os.path.exists(f"/proc/self/ns/{name}")}
NEWUSER, NEWNS, NEWPID, CLONE_FS = TYPES["user"], TYPES["mnt"], TYPES["pid"], 0x200
FILES = list(TYPES) + [name for name in ("pid_for_children", "time_for_children")
                       if os.path.exists(f"/proc/self/ns/{name}")]


def check(value):
    if value < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return value


def unshare(flags):
    check(libc.unshare(flags))


def pidfd_open(pid):
    return check(libc.syscall(SYS_PIDFD_OPEN, pid, 0))


def become_root_of_new_user_namespace():
    unshare(NEWUSER)
    for name, text in ("setgroups", "deny"), ("uid_map", "0 0 1"), ("gid_map", "0 0 1"):
        with open(f"/proc/self/{name}", "w") as f:
            f.write(text)


def child(flags, user=False):
    """A process in namespaces of its own, in a root directory of its own"""
    ready, done = os.pipe()
    pid = os.fork()
    if not pid:
        if user:
            become_root_of_new_user_namespace()
        unshare(flags & ~NEWUSER)
        if flags & NEWNS:
            check(libc.mount(b"", b"/", None, 0x44000, None))
            check(libc.mount(b"tmpfs", b"/tmp", b"tmpfs", 0, None))
            os.mkdir("/tmp/inside")
            os.chdir("/tmp/inside")
        pid = os.fork()    # the first in the PID namespace
        if pid:
            os.write(done, str(pid).encode())
            os.wait()
            os._exit(0)
        threading.Event().wait()
    return int(os.read(ready, 16))


def drop_capabilities(kept=0):
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    data = (ctypes.c_uint32 * 6)(kept, kept, 0, 0, 0, 0)
    check(libc.capset(header, data))


def thread():
    threading.Thread(target=threading.Event().wait, daemon=True).start()


def share_fs():
    """A child by clone(CLONE_FS): the root directory is not the caller's alone"""
    if check(libc.syscall(56, CLONE_FS | 17, 0, 0, 0, 0)) == 0:
        threading.Event().wait()


def in_new_root():
    os.chroot("/proc")


STATES = {
    "root": lambda: None,
    "no capability": drop_capabilities,
    "CAP_SYS_ADMIN": lambda: drop_capabilities(1 << 21),
    "CAP_SYS_CHROOT": lambda: drop_capabilities(1 << 18),
    "user namespace": become_root_of_new_user_namespace,
    "thread": thread,
    "CLONE_FS": share_fs,
    "chroot": in_new_root,
    "nobody": lambda: (os.setgroups([]), os.setresgid(65534, 65534, 65534),
                       os.setresuid(65534, 65534, 65534)),
}
STATUS = ("Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb",
          "NoNewPrivs", "NSpid")


def snapshot(proc, names):
    found = {}
    for file in FILES:
        try:
            found[file] = names.get(os.stat(f"{file}", dir_fd=proc).st_ino, "another")
        except OSError as e:
            found[file] = errno.errorcode[e.errno]
    for path in "/", ".":
        found[path] = os.stat(path).st_ino
    found["dumpable"] = libc.prctl(3, 0, 0, 0, 0)
    found["securebits"] = libc.prctl(27, 0, 0, 0, 0)
    return found


def status(fd):
    text = os.pread(fd, 8192, 0).decode()
    return {line.split(":")[0]: " ".join(line.split()[1:]) for line in text.splitlines()
            if line.split(":")[0] in STATUS and not line.startswith("NSpid")}


def attempt(state, fd, flags, names):
    """The call in a child, which says what came of it"""
    ours, theirs = os.pipe()
    pid = os.fork()
    if not pid:
        proc = os.open("/proc/self/ns", os.O_PATH)
        stat = os.open("/proc/self/status", os.O_RDONLY)
        STATES[state]()
        before = snapshot(proc, names) | status(stat)
        error = 0
        if libc.syscall(SYS_SETNS, fd, ctypes.c_int(flags)):
            error = ctypes.get_errno()
        after = snapshot(proc, names) | status(stat)
        text = errno.errorcode.get(error, "0")
        for what in before:
            if before[what] != after[what]:
                text += f" {what}={after[what]}"
        os.write(theirs, text.encode())
        os.kill(os.getpid(), 9)
    os.close(theirs)
    text = os.read(ours, 8192).decode()
    os.close(ours)
    os.waitpid(pid, 0)
    return text


def main():
    os.setpgrp()
    every = sum(TYPES.values())
    others = {"sibling": child(every & ~NEWUSER), "container": child(every, user=True)}
    names, fds = {}, {}
    for whose, pid in {"own": os.getpid(), **others}.items():
        for file in FILES:
            try:
                fd = os.open(f"/proc/{pid}/ns/{file}", os.O_RDONLY)
            except OSError:
                continue
            names.setdefault(os.fstat(fd).st_ino, f"{whose}'s {file}")
            fds[f"{whose}'s {file}"] = fd
        fds[f"{whose}'s pidfd"] = pidfd_open(pid)
    dead = os.fork()
    if not dead:
        os._exit(0)
    fds["zombie's pidfd"] = pidfd_open(dead)
    fds["O_PATH"] = os.open("/proc/self/ns/net", os.O_PATH)
    fds["socket"] = socket.socket().detach()
    fds["directory"] = os.open("/proc/self/ns", os.O_RDONLY)
    fds["closed"] = 999
    flags = {"0": 0, "-1": -1, "1": 1, **TYPES}
    pairs = {"|".join(two): TYPES[two[0]] | TYPES[two[1]]
             for two in itertools.combinations(TYPES, 2)}
    pairs |= {"all": every, "all but user": every & ~NEWUSER, "net|CLONE_VM": 0x40000100}
    for state in STATES:
        for name, fd in fds.items():
            for what, value in (flags | (pairs if "pidfd" in name else {})).items():
                print(f"{state}: {name}, {what}: {attempt(state, fd, value, names)}")
    for pid in others.values():
        os.kill(pid, 9)


main()
