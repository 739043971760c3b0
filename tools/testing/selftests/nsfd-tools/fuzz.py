#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Random command lines and environments for nsfd, built with sanitizers.

usage: fuzz.py NSFD [COUNT [SEED]]

Runs itself in namespaces of its own, on a root that is mounted read-only. nsfd
must end in time, with a status that nsfd(1) names, a message of one line for
every failure of its own, and without a word of a sanitizer. Prints TAP.
"""
import os
import random
import subprocess
import sys
import tempfile

COMMANDS = ("ls", "pin", "unpin", "exec", "listen", "run")
WORDS = (
    "--", "--help", "--version", "-h", "-V", "--json", "--netns", "-n", "--grant",
    "--name", "--tcp", "--udp", "--backlog", "--user", "--no-new-privs",
    "--preserve-credentials", "--verbose", "-v", "--allow-io-uring",
    "--allow-new-privs", "--delegate", "--preload", "--preload=/dev/null",
    "*", "blue", "red", "none", ".", "..", "/", "./x", "x/", "/run/netns/blue",
    "/proc/self/ns/net", "/proc/self/ns/uts", "/proc/self/ns/mnt", "/proc/1/ns/pid",
    "/proc/self/ns/user", "/dev/null", "/run/fifo", "/proc/self/fd/0", "/run/link",
    "0.0.0.0:0", "127.0.0.1:1", "[::]:0", "[::1%lo]:0", "[::%]:0", "[]:1", ":1",
    "1:2:3", "0.0.0.0:65536", "0", "-1", "65534", "4294967295", "4294967296",
    "2147483648", "nobody", "root", "--netns=blue", "--user=nobody", "true",
)
NAMES = (
    "PATH", "HOME", "LD_PRELOAD", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES",
    "LISTEN_PIDFDID", "NSFD_SUPERVISED", "POSIXLY_CORRECT", "LANG", "LC_ALL",
    "TERM", "COLUMNS", "x",
)
SEPARATE = "unshare --mount --net --uts --ipc --pid --fork --mount-proc".split()
STATUSES = (0, 1, 2, 126, 127)


def noise(rng):
    size = rng.choice((0, 1, 2, 5, 40, 300, 5000))
    return bytes(rng.randrange(1, 256) for _ in range(size))


def word(rng):
    if rng.random() < 0.12:
        return noise(rng)
    text = rng.choice(WORDS).encode()
    if rng.random() < 0.1:
        text += noise(rng)
    return text


def valid_line(rng):
    """One that nsfd may well accept."""
    ns = ("blue", "red", "/run/netns/blue", "/proc/self/ns/net", "/proc/self/ns/uts")
    address = ("0.0.0.0:0", "[::]:0", "127.0.0.1:0")
    program = ["--", rng.choice(("true", "./none"))]
    options = ["--user=nobody"] * rng.randrange(2)
    command = rng.choice(COMMANDS)
    if command == "ls":
        return ["ls", *["--json"] * rng.randrange(2)]
    if command == "pin":
        return ["pin", rng.choice(ns), rng.choice(("a", "./b", "./c"))]
    if command == "unpin":
        return ["unpin", rng.choice(("a", "./b", "./c"))]
    if command == "exec":
        return ["exec", *rng.choices(ns, k=rng.randrange(1, 4)), *program]
    if command == "listen":
        for _ in range(rng.randrange(1, 5)):
            options += ["--netns", rng.choice(ns[:3])] * rng.randrange(2)
            options += [rng.choice(("--tcp", "--udp")), rng.choice(address)]
        return ["listen", *options, *program]
    for _ in range(rng.randrange(4)):
        options += ["--grant", rng.choice((*ns[:3], "*"))]
    options += rng.choice(([], ["--netns", "blue"], ["--verbose"], ["--allow-new-privs"]))
    return ["run", "--preload=/dev/null", *options, *program]


def command_line(rng):
    if rng.random() < 0.3:
        line = [rng.choice(COMMANDS).encode()] + [word(rng) for _ in range(rng.randrange(12))]
    else:
        line = [os.fsencode(w) for w in valid_line(rng)]
    for _ in range(rng.choice((0, 0, 1, 2))):
        at = rng.randrange(len(line) + 1)
        line[at:at + rng.randrange(2)] = [word(rng)] * rng.randrange(3)
    return line


def environment(rng):
    env = {b"PATH": b"/usr/bin:/bin"}
    for _ in range(rng.choice((0, 0, 1, 3))):
        name = rng.choice(NAMES).encode()
        # Messages of the dynamic linker are not those of nsfd.
        env[name] = b"" if name == b"LD_PRELOAD" else noise(rng)
    env[b"ASAN_OPTIONS"] = b"detect_leaks=0"
    env[b"UBSAN_OPTIONS"] = b"halt_on_error=1:print_stacktrace=1"
    return env


def prepare():
    """Two namespaces with names, and things that nothing may open."""
    for options in (["-o", "remount,bind,ro", "/"], ["-t", "tmpfs", "t", "/run"],
                    ["-t", "tmpfs", "t", "/tmp"]):
        subprocess.run(["mount", *options], check=True)
    os.mkdir("/run/netns")
    for name in ("blue", "red"):
        subprocess.run(["ip", "netns", "add", name], check=True)
    os.mkfifo("/run/fifo")
    os.symlink("/run/netns/blue", "/run/link")
    os.chdir(tempfile.mkdtemp())


def wrong(result):
    said = result.stderr + result.stdout
    if b"Sanitizer" in said or b"runtime error" in said:
        return "a sanitizer"
    if result.returncode not in STATUSES:
        return f"status {result.returncode}"
    if result.returncode in (1, 2) and not said:
        return "failed without a message"
    return None


def main():
    if "NSFD_FUZZ" not in os.environ:
        os.environ["NSFD_FUZZ"] = "1"
        os.execvp(SEPARATE[0], [*SEPARATE, sys.executable, *map(os.path.abspath, sys.argv[:2]),
                                *sys.argv[2:]])
    nsfd = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(2**32)
    rng = random.Random(seed)
    # A copy, because its directory may not be readable later.
    prepare()
    print("TAP version 13\n1..1", flush=True)
    seen = {}
    for number in range(count):
        line, env = command_line(rng), environment(rng)
        try:
            result = subprocess.run([nsfd, *line], env=env, stdin=subprocess.DEVNULL,
                                    capture_output=True, timeout=20, check=False)
            problem = wrong(result)
        except subprocess.TimeoutExpired:
            problem, result = "no end", None
        except OSError as e:
            if e.errno == 7:    # E2BIG: not nsfd's to judge
                continue
            raise
        if problem:
            print(f"not ok 1 - {problem}, seed {seed}, number {number}: {line} {env}")
            if result:
                print("# " + result.stderr.decode(errors="replace").replace("\n", "\n# "))
            return 1
        seen[result.returncode] = seen.get(result.returncode, 0) + 1
    print(f"ok 1 - {count} command lines, seed {seed}, statuses {dict(sorted(seen.items()))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
