#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""An HTTP reverse proxy between network namespaces, with asyncio.

    reverse-proxy.py front 127.0.0.1:8080 blue=10.0.0.2:80 green=10.0.0.2:80

listens in front. A request for /blue/x goes from blue to 10.0.0.2:80 as /x. As
root, it delegates sockets to itself, and becomes nobody before it creates one.
"""
import asyncio
import ipaddress
import os
import re
import socket
import sys
from functools import partial
from urllib.parse import urlsplit

import nsfd

REQUEST = re.compile(rb"([A-Z]+) /([^/ ]+)(/[^ ]*) (HTTP/1\.[01])")
HEADER = re.compile(rb"([!#-'*+.^-z|~0-9A-Z-]+):([^\r\n\0]*)")
HOP_BY_HOP = b"connection", b"keep-alive", b"proxy-connection", b"te", b"upgrade"
SECONDS = 60


def address(text):
    """ADDRESS:PORT, without names: they would be resolved in our namespace."""
    url = urlsplit("//" + text)
    ip = ipaddress.ip_address(url.hostname or "")
    if not url.port:
        raise ValueError(f"'{text}' has no port")
    return socket.AF_INET6 if ip.version == 6 else socket.AF_INET, str(ip), url.port


def rewrite(head):
    """The name of the backend, and the head of the request as it gets it."""
    first, *lines = head[:-4].split(b"\r\n")
    request, headers = REQUEST.fullmatch(first), [*map(HEADER.fullmatch, lines)]
    if not request or not all(headers):
        raise ValueError("malformed request")
    lines = [h[0] for h in headers if h[1].lower() not in HOP_BY_HOP]
    lines = [b"%s %s %s" % request.group(1, 3, 4), *lines, b"Connection: close"]
    return request[2].decode("latin-1"), b"\r\n".join(lines) + b"\r\n\r\n"


async def pump(reader, writer):
    while data := await asyncio.wait_for(reader.read(65536), SECONDS):
        writer.write(data)
        await asyncio.wait_for(writer.drain(), SECONDS)
        writer.started = True


async def dial(netns, family, host, port):
    with nsfd.socket(netns, family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as sock:
        loop = asyncio.get_running_loop()
        await asyncio.wait_for(loop.sock_connect(sock, (host, port)), SECONDS)
        return await asyncio.open_connection(sock=sock.dup())


async def serve(grants, routes, reader, writer):
    answer, upload, there = b"502 Bad Gateway", None, None
    try:
        head = reader.readuntil(b"\r\n\r\n")
        name, head = rewrite(await asyncio.wait_for(head, SECONDS))
        back, there = await dial(grants[name], *routes[name])
        there.write(head)
        upload = asyncio.ensure_future(pump(reader, there))
        await pump(back, writer)
    except (KeyError, ValueError, asyncio.LimitOverrunError) as e:
        answer = b"404 Not Found" if isinstance(e, KeyError) else b"400 Bad Request"
    except (OSError, EOFError, asyncio.TimeoutError) as e:
        print(f"reverse-proxy.py: {e!r}", file=sys.stderr)
    finally:
        if upload:
            upload.cancel()
            await asyncio.gather(upload, return_exceptions=True)
            there.close()
        if not hasattr(writer, "started"):
            writer.write(b"HTTP/1.1 " + answer + b"\r\nConnection: close\r\n\r\n")
        writer.close()


async def main(front, listen, *routes):
    family, *listen = address(listen)
    routes = {name: address(to) for name, _, to in (r.partition("=") for r in routes)}
    grants = {name: nsfd.delegate(name) for name in (front, *routes)}
    os.setgroups([]), os.setresgid(*3 * [65534]), os.setresuid(*3 * [65534])
    sock = nsfd.create_server(grants[front], listen, family=family)
    server = asyncio.start_server(partial(serve, grants, routes), sock=sock)
    await (await server).serve_forever()


if len(sys.argv) < 4:
    sys.exit("usage: reverse-proxy.py NETNS ADDRESS:PORT NETNS=ADDRESS:PORT...")
try:
    asyncio.run(main(*sys.argv[1:]))
except (OSError, ValueError) as e:
    sys.exit(f"reverse-proxy.py: {e}")
