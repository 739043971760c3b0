#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""HTTP with the standard library: a server that says its name, and a client.

usage: web.py serve NAME ADDRESS PORT
       web.py ask ADDRESS PORT TIMES

The client makes a connection for each request and prints how often it got each
answer, one to a line: count, status, text.
"""

import collections
import http.client
import http.server
import socketserver
import sys


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers every request with the name."""

    def do_GET(self):
        text = sys.argv[2].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format, *args):
        pass


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """As http.server's, but it does not ask the resolver for its name."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128


def ask(address, port):
    """Makes one request."""
    connection = http.client.HTTPConnection(address, port, timeout=5)
    try:
        connection.request("GET", "/")
        answer = connection.getresponse()
        text = answer.read().decode().strip().splitlines()
        return f"{answer.status} {text[0] if text else ''}"
    except OSError as error:
        return f"none {error}"
    finally:
        connection.close()


if sys.argv[1] == "serve":
    address = (sys.argv[3], int(sys.argv[4]))
    Server(address, Handler).serve_forever()
else:
    answers = collections.Counter(
        ask(sys.argv[2], int(sys.argv[3])) for _ in range(int(sys.argv[4])))
    for answer, times in sorted(answers.items()):
        print(times, answer)
