#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
"""The price of sockets in another network namespace, as root.

usage: bench.py [ROUNDS]

Prints microseconds, medians of the rounds, and ratios. All ways take their
turns in one run, so that the ratios compare like with like.
"""

import os
import pathlib
import socket
import statistics
import subprocess
import sys
import time
from unittest import mock

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

import pyroute2
from pyroute2 import netns

import nsfd
from nsfd import _kernel

NAME = f"nsfd-bench-{os.getpid()}"
UDP = (socket.AF_INET, socket.SOCK_DGRAM)


def plain():
    socket.socket(*UDP).close()


def pushed():
    """What pyroute2 has for a socket: the thread goes there and back."""
    netns.pushns(NAME)
    try:
        sock = socket.socket(*UDP)
    finally:
        netns.popns()
    sock.close()


def by_name():
    nsfd.socket(NAME, *UDP).close()


def links(ipr):
    with ipr:
        ipr.get_links()


def by_process():
    links(pyroute2.NetNS(NAME, flags=0))


def by_socket():
    sock = nsfd.socket(NAME, socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
    links(pyroute2.RawIPRoute(fileno=sock.detach()))


def measure(function, times):
    start = time.perf_counter()
    for _ in range(times):
        function()
    return (time.perf_counter() - start) / times * 1e6


def main(rounds):
    with nsfd.open(NAME) as ns:

        def by_descriptor():
            nsfd.socket(ns, *UDP).close()

        def by_thread():
            with mock.patch.object(_kernel, "_NR_SOCKETAT", None):
                with mock.patch.object(_kernel, "DEVICE", "/nonexistent"):
                    for _ in range(10):
                        nsfd.socket(ns, *UDP).close()

        # What, how often in a round, and how many of it one call makes.
        ways = {
            "socket.socket": (plain, 200, 1),
            "nsfd.socket, descriptor": (by_descriptor, 200, 1),
            "nsfd.socket, name": (by_name, 200, 1),
            "nsfd.socket, thread": (by_thread, 2, 10),
            "pyroute2 pushns, socket, popns": (pushed, 200, 1),
            "IPRoute on nsfd.socket, get_links": (by_socket, 5, 1),
            "pyroute2 NetNS, get_links": (by_process, 5, 1),
        }
        taken = {name: [] for name in ways}
        for _ in range(rounds + 1):
            for name, (function, times, each) in ways.items():
                taken[name].append(measure(function, times) / each)
    # The first round is to warm up.
    median = {name: statistics.median(times[1:]) for name, times in taken.items()}
    print(f"method: {nsfd.way()}, {rounds} rounds")
    for name, microseconds in median.items():
        print(f"{microseconds:10.1f}  {name}")
    for ours, theirs in (
        ("nsfd.socket, descriptor", "socket.socket"),
        ("nsfd.socket, descriptor", "pyroute2 pushns, socket, popns"),
        ("nsfd.socket, name", "pyroute2 pushns, socket, popns"),
        ("nsfd.socket, thread", "pyroute2 pushns, socket, popns"),
        ("IPRoute on nsfd.socket, get_links", "pyroute2 NetNS, get_links"),
    ):
        print(f"{median[ours] / median[theirs]:10.3f}  {ours} : {theirs}")


if __name__ == "__main__":
    subprocess.run(["ip", "netns", "add", NAME], check=True)
    try:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
    finally:
        subprocess.run(["ip", "netns", "del", NAME], check=True)
