# SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
"""The sample reverse-proxy.py, as root: it needs delegation."""

import contextlib
import http.client
import http.server
import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

import nsfd
from test_nsfd import WANTS_GRANT, WANTS_NO_GRANT, ip, own

SAMPLE = pathlib.Path(__file__).parents[5] / "samples/nsfd/reverse-proxy.py"
NAMES = ("front", "left", "right")


class Backend(http.server.BaseHTTPRequestHandler):
    """Says where it is, what it was asked for, and how."""

    def do_GET(self):
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        text = f"{self.server.place} {self.command} {self.path} ".encode() + body
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.send_header("X-Seen", str(sorted(name.lower() for name in self.headers)))
        self.end_headers()
        self.wfile.write(text)

    do_POST = do_GET

    def log_message(self, *_):
        pass


def serve(netns):
    """A server at 127.0.0.1:80 of a namespace."""
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 80), Backend, bind_and_activate=False
    )
    server.socket.close()
    server.socket = nsfd.create_server(netns, ("127.0.0.1", 80), backlog=128)
    server.place = netns
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def arguments():
    routes = [name + "=127.0.0.1:80" for name in NAMES[1:]]
    routes.append("front=127.0.0.1:9")
    return [sys.executable, str(SAMPLE), "front", "127.0.0.1:8080", *routes]


class Proxy(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        for name in NAMES:
            ip("netns", "add", name)
            ip("-n", name, "link", "set", "lo", "up")

    @classmethod
    def tearDownClass(cls):
        for name in NAMES:
            ip("netns", "del", name)

    @WANTS_NO_GRANT
    def test_no_delegation(self):
        result = subprocess.run(
            arguments(), stderr=subprocess.PIPE, text=True, timeout=20
        )
        self.assertEqual(result.returncode, 1)
        self.assertIn("Function not implemented", result.stderr)

    def raw(self, request):
        with nsfd.create_connection("front", ("127.0.0.1", 8080), 20) as sock:
            sock.sendall(request)
            sock.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: sock.recv(65536), b""))

    def ask(self, method, path, body=None, headers={}):
        connection = http.client.HTTPConnection("127.0.0.1", 8080, timeout=20)
        connection.sock = nsfd.create_connection("front", ("127.0.0.1", 8080), 20)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.getheader("X-Seen")
        finally:
            connection.close()

    def sockets(self, proxy):
        found = []
        for file in pathlib.Path(f"/proc/{proxy.pid}/fd").iterdir():
            # One that is closed meanwhile must not hide the others.
            with contextlib.suppress(FileNotFoundError):
                found.append(os.readlink(file))
        return [target for target in found if target.startswith("socket:")]

    def test_usage(self):
        for args, message in (
            ((), "usage: "),
            (("front", "127.0.0.1", "left=127.0.0.1:80"), "no port"),
            (("front", "127.0.0.1:1", "left=localhost:80"), "localhost"),
            (("nowhere", "127.0.0.1:1", "left=127.0.0.1:80"), "nowhere"),
            (("front", "127.0.0.1:99999", "left=127.0.0.1:80"), "range"),
        ):
            result = subprocess.run(
                [*arguments()[:2], *args],
                stderr=subprocess.PIPE,
                env={**os.environ, "PYTHONDEVMODE": ""},
                text=True,
                timeout=20,
            )
            self.assertEqual(result.returncode, 1)
            self.assertIn(message, result.stderr)
            self.assertEqual(len(result.stderr.splitlines()), 1)

    @WANTS_GRANT
    def test_requests(self):
        servers = [serve(name) for name in NAMES[1:]]
        log = open("/run/proxy.log", "w+")
        proxy = subprocess.Popen(arguments(), stderr=log)
        try:
            end = time.monotonic() + 20
            while time.monotonic() < end and proxy.poll() is None:
                try:
                    nsfd.create_connection("front", ("127.0.0.1", 8080)).close()
                    break
                except ConnectionRefusedError:
                    time.sleep(0.05)
            self.requests(proxy)
        finally:
            proxy.terminate()
            status = proxy.wait(20)
            with log:
                log.seek(0)
                errors = log.read()
            for server in servers:
                server.shutdown()
                server.server_close()
        self.assertEqual(status, -signal.SIGTERM, errors)
        self.assertNotIn("Traceback", errors)

    def requests(self, proxy):
        # It is outside, as nobody, without a capability and without a thread.
        status = pathlib.Path(f"/proc/{proxy.pid}/status").read_text()
        self.assertRegex(status, r"(?m)^Uid:(\t65534){4}$")
        self.assertRegex(status, r"(?m)^CapPrm:\t0{16}$")
        self.assertRegex(status, r"(?m)^Threads:\t1$")
        place = os.stat(f"/proc/{proxy.pid}/ns/net")
        self.assertEqual((place.st_dev, place.st_ino), own())

        # The connection that found it listening may still be among them.
        few = len(self.sockets(proxy))
        for name in NAMES[1:]:
            self.assertEqual(
                self.ask("GET", f"/{name}/a?b=c")[:2],
                (200, f"{name} GET /a?b=c ".encode()),
            )
        body = os.urandom(3000000)
        self.assertEqual(
            self.ask("POST", "/left/", body)[:2], (200, b"left POST / " + body)
        )
        self.assertEqual(self.ask("GET", "/nowhere/")[0], 404)
        self.assertEqual(self.ask("GET", "/front/")[0], 502)
        seen = self.ask("GET", "/left/", None, {"Keep-Alive": "9", "X-Kept": "1"})[2]
        self.assertNotIn("keep-alive", seen)
        self.assertIn("x-kept", seen)

        for request in (
            b"GET /left/ HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n",
            b"GET /left/ HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n",
            b"GET /left/ HTTP/1.1\r\nHost: x\nConnection: y\r\n\r\n",
            b"GET left HTTP/1.1\r\n\r\n",
            b"GET /left/ HTTP/1.1\r\nA: " + 70000 * b"a" + b"\r\n\r\n",
        ):
            self.assertRegex(self.raw(request), rb"\AHTTP/1.1 400 ", request[:60])
        self.assertIn(
            b"left GET / ", self.raw(b"GET /left/ HTTP/1.1\r\nHost: x\r\n\r\n")
        )

        wrong = []

        def work(name):
            for number in range(10):
                answer = self.ask("GET", f"/{name}/{number}")[:2]
                if answer != (200, f"{name} GET /{number} ".encode()):
                    wrong.append(answer)

        threads = [
            threading.Thread(target=work, args=(name,)) for name in NAMES[1:] * 5
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])
        # All connections end: what remains are the grants and the server.
        end = time.monotonic() + 10
        while len(self.sockets(proxy)) > few and time.monotonic() < end:
            time.sleep(0.05)
        self.assertLessEqual(len(self.sockets(proxy)), few)


if __name__ == "__main__":
    unittest.main()
