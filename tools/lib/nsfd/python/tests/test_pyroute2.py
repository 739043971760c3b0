# SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
"""pyroute2 on sockets of other namespaces, without a process in each."""

import errno
import os
import socket
import unittest

import nsfd
from test_nsfd import Case, ip

try:
    import pyroute2
except ImportError:
    pyroute2 = None

NAMES = ("one", "two")


def route_socket(netns):
    return nsfd.socket(
        netns, socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE
    )


@unittest.skipUnless(pyroute2, "no pyroute2")
class Pyroute2(Case):
    def setUp(self):
        super().setUp()
        for name in NAMES:
            ip("netns", "add", name)
            self.addCleanup(ip, "netns", "del", name)

    def test_links_and_addresses(self):
        children = os.listdir("/proc/self/task")
        with pyroute2.RawIPRoute(fileno=route_socket("one").detach()) as one:
            with pyroute2.RawIPRoute(fileno=route_socket("two").detach()) as two:
                one.link("add", ifname="v0", kind="veth", peer="v1")
                (index,) = one.link_lookup(ifname="v0")
                one.link("set", index=index, state="up")
                one.addr("add", index=index, address="10.3.0.1", prefixlen=24)
                self.assertEqual(two.link_lookup(ifname="v0"), [])
                addresses = [
                    address.get_attr("IFA_ADDRESS")
                    for address in one.get_addr(family=socket.AF_INET)
                ]
                self.assertIn("10.3.0.1", addresses)
                self.assertEqual(os.listdir("/proc/self/task"), children)
                self.assertRaises(ChildProcessError, os.waitpid, -1, os.WNOHANG)
        self.assertFalse(os.path.exists("/sys/class/net/v0"))

    def test_changes(self):
        with pyroute2.RawIPRoute(fileno=route_socket("one").detach()) as one:
            one.bind()
            ip("-n", "one", "link", "add", "v0", "type", "veth", "peer", "name", "v1")
            names = {message.get_attr("IFLA_IFNAME") for message in one.get()}
            self.assertTrue(names)
            self.assertLessEqual(names, {"v0", "v1"})

    def test_no_device_of_the_caller(self):
        # IPRoute would create it in the caller's namespace: see the README.
        with pyroute2.RawIPRoute(fileno=route_socket("one").detach()) as one:
            with self.assertRaises(pyroute2.NetlinkError) as caught:
                one.link("add", ifname="tun9", kind="tuntap", mode="tun")
            self.assertEqual(caught.exception.code, errno.EOPNOTSUPP)
        self.assertNotIn("tun9", [name for _, name in socket.if_nameindex()])


if __name__ == "__main__":
    unittest.main()
