"""A web server that does everything wrong, on loopback only. For tests, and by hand: `python -m tests.hostile 8080`.

It speaks bare TCP, because an HTTP library would be too well-mannered for most of this. Each path is a way to misbehave;
`requests` keeps what was asked, in order. Answers that never end do so only for as long as somebody listens.
"""

from __future__ import annotations

import asyncio
import gzip
import itertools
import ssl
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Self
from urllib.parse import unquote

FEED = (
    b'<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0"><channel><title>Proef</title>'
    + b"".join(
        b"<item><title>Bericht %d</title><link>http://proef.example/%d</link></item>" % (i, i) for i in range(30)
    )
    + b"</channel></rss>"
)
BOMB = 200 * 2**20  # bytes that a bomb becomes
ZSTD_FRAME = b"\x28\xb5\x2f\xfd"
# A brotli stream that repeats one byte for 16 MB takes a dozen bytes; nobody here unpacks it, so its start will do.
BROTLI = b"\xcf\xff\xff\x7f\xf8'\x00\xe2\xb1 \x03"

Handler = Callable[["Request", asyncio.StreamWriter], Awaitable[None]]
HANDLERS: dict[str, Handler] = {}


@dataclass(frozen=True)
class Request:
    """What was asked: header names in lower case; `rest` is the path after the handler's name."""

    path: str
    rest: str
    headers: dict[str, str]
    when: float  # by the monotonic clock
    server: Hostile


@dataclass
class Hostile:
    """The server. `async with Hostile() as bad: … bad.url("/drip")`."""

    tls: ssl.SSLContext | None = None
    host: str = "127.0.0.1"
    robots: bytes | str = ""  # the text of robots.txt, or the path that answers for it; "" is 404
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    ciphers: list[object] = field(default_factory=list)  # what the client of each connection offered, when it is TLS
    at_once: int = 0  # the most requests that were being answered at the same time
    port: int = 0

    async def __aenter__(self) -> Self:
        self._tasks: set[asyncio.Task[None]] = set()
        self._answering = 0
        self._server = await asyncio.start_server(self._serve, self.host, self.port, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def url(self, path: str, host: str = "") -> str:
        """Return the address of one way to misbehave."""
        name = host or self.host
        return f"{'https' if self.tls else 'http'}://{name}:{self.port}{path}"

    @property
    def paths(self) -> list[str]:
        """Return what was asked for, in order."""
        return [request.path for request in self.requests]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        if self.tls:
            self.ciphers.append(writer.get_extra_info("ssl_object").shared_ciphers())
        try:
            while await self._answer(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the other side has had enough
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        path = head[0].split(" ")[1]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        name, _, rest = path.lstrip("/").partition("/")
        request = Request(path, rest, headers, time.monotonic(), self)
        self.requests.append(request)
        handler = HANDLERS.get(name.partition("?")[0], not_found)
        self._answering += 1
        self.at_once = max(self.at_once, self._answering)
        try:
            await handler(request, writer)
            await writer.drain()
        finally:
            self._answering -= 1
        return handler in KEEPS


def handler(function: Handler) -> Handler:
    """Serve the function under its own name: `def slow_head` is `/slow-head`."""
    HANDLERS[function.__name__.replace("_", "-")] = function
    return function


def head(status: str = "200 OK", **headers: object) -> bytes:
    """Return the head of an answer: `content_length=3` is the header `content-length: 3`."""
    lines = [f"HTTP/1.1 {status}", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def whole(body: bytes, status: str = "200 OK", **headers: object) -> bytes:
    """Return a correct answer."""
    return head(status, content_length=len(body), **headers) + body


def chunk(data: bytes) -> bytes:
    """Return one piece of a chunked body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


# --- what a good server does, to compare with -----------------------------------------------------------------------


@handler
async def good(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(whole(FEED, content_type="application/rss+xml; charset=utf-8", etag='"een"'))


@handler
async def packed(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(whole(gzip.compress(FEED), content_encoding="gzip", etag='"een"'))


@handler
async def members(request: Request, writer: asyncio.StreamWriter) -> None:
    """Two gzip members are one body; the second is cut by the packets in the middle of its first two bytes."""
    first, second = gzip.compress(FEED[:100]), gzip.compress(FEED[100:])
    writer.write(head(content_encoding="gzip", transfer_encoding="chunked"))
    for part in (first + second[:1], second[1:]):
        writer.write(chunk(part))
        await writer.drain()
        await asyncio.sleep(0.05)
    writer.write(chunk(b""))


@handler
async def conditional(request: Request, writer: asyncio.StreamWriter) -> None:
    if request.headers.get("if-none-match") == '"een"':
        writer.write(head("304 Not Modified", etag='"een"'))
    else:
        writer.write(whole(FEED, etag='"een"', last_modified="Sat, 21 Nov 2026 10:00:00 GMT"))


@handler
async def article(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(whole(b"<html><p>Een stuk.</p></html>", content_type="text/html"))


@handler
async def slow_article(request: Request, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(0.1)
    await article(request, writer)


async def robots(request: Request, writer: asyncio.StreamWriter) -> None:
    """What stands in `server.robots`."""
    said = request.server.robots
    if isinstance(said, bytes):
        writer.write(whole(said, content_type="text/plain"))
    else:
        name, _, rest = said.lstrip("/").partition("/")
        await HANDLERS.get(name, not_found)(replace(request, rest=rest), writer)


HANDLERS["robots.txt"] = robots


async def not_found(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(whole(b"no", "404 Not Found"))


# --- slow and endless -----------------------------------------------------------------------------------------------


async def _drip(writer: asyncio.StreamWriter, pieces: Sequence[bytes]) -> None:
    for piece in itertools.cycle(pieces):
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0.02)


@handler
async def silent(request: Request, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(3600)


@handler
async def slow_head(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    await _drip(writer, [b"X", b"-", b"A", b":", b"1", b"\r\n"])


@handler
async def slow_body(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(head(content_length=10**6))
    await _drip(writer, [b"x"])


@handler
async def silent_body(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(head(content_length=10**6) + b"<rss>")
    await asyncio.sleep(3600)


@handler
async def tiny_chunks(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(head(transfer_encoding="chunked"))
    await _drip(writer, [chunk(b"x")])


async def _pour(writer: asyncio.StreamWriter, piece: bytes) -> None:
    while True:
        writer.write(piece)
        await writer.drain()


@handler
async def endless(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(head(etag='"een"'))
    await _pour(writer, b"<item/>" * 9000)


@handler
async def endless_chunks(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(head(transfer_encoding="chunked"))
    await _pour(writer, chunk(b"x") * 10_000)


@handler
async def endless_continue(request: Request, writer: asyncio.StreamWriter) -> None:
    await _pour(writer, b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)


@handler
async def endless_head(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    await _pour(writer, b"X-Long: " + b"x" * 1000 + b"\r\n")


@handler
async def giant_header(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nX-Giant: ")
    await _pour(writer, b"x" * 65536)


@handler
async def long_header(request: Request, writer: asyncio.StreamWriter) -> None:
    """Longer than usual, as real policies are, and no harm in it."""
    writer.write(whole(FEED, content_security_policy="x" * 20_000))


# --- packed badly ---------------------------------------------------------------------------------------------------


@cache
def _bomb() -> bytes:
    return gzip.compress(bytes(2**20)) * (BOMB >> 20)


@handler
async def gzip_bomb(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(whole(_bomb(), content_encoding="gzip", etag='"een"'))


@handler
async def double_bomb(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(whole(gzip.compress(_bomb()), content_encoding="gzip, gzip"))


@handler
async def brotli_bomb(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(whole(BROTLI * 1000, content_encoding="br"))


@handler
async def zstd_bomb(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(whole(ZSTD_FRAME * 1000, content_encoding="zstd"))


@handler
async def empty_members(request: Request, writer: asyncio.StreamWriter) -> None:
    """gzip members of nothing, without end: the packed bytes grow and the unpacked never do."""
    writer.write(head(content_encoding="gzip"))
    await _pour(writer, gzip.compress(b"") * 1000)


@handler
async def not_gzip(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(whole(FEED, content_encoding="gzip"))


@handler
async def gzip_and_rest(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(whole(gzip.compress(FEED) + b"\0" * 64, content_encoding="gzip"))


# --- cut off --------------------------------------------------------------------------------------------------------


@handler
async def cut_gzip(request: Request, writer: asyncio.StreamWriter) -> None:
    """The length is right, the gzip stream is not at its end; whoever believes it, is told 304 ever after."""
    if request.headers.get("if-none-match") == '"half"':
        writer.write(head("304 Not Modified"))
    else:
        writer.write(whole(gzip.compress(FEED)[:-60], content_encoding="gzip", etag='"half"'))


@handler
async def cut_length(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(head(content_length=len(FEED), etag='"half"') + FEED[:-40])


@handler
async def cut_chunk(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(head(transfer_encoding="chunked", etag='"half"') + chunk(FEED)[:-40])


@handler
async def cut_head(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Ty")


@handler
async def hang_up(request: Request, writer: asyncio.StreamWriter) -> None:
    """Not a byte."""


# --- redirects ------------------------------------------------------------------------------------------------------


@handler
async def circle(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(whole(b"", "302 Found", location=f"/circle/{int(request.rest or 0) + 1}"))


@handler
async def hops(request: Request, writer: asyncio.StreamWriter) -> None:
    """`/hops/3/301` redirects three times with 301 and ends well; `/hops/2/301,302` with either in turn."""
    left, statuses = request.rest.split("/")
    status, *others = statuses.split(",")
    if left == "0":
        writer.write(whole(FEED))
        return
    nexts = ",".join([*others, status])
    writer.write(whole(b"", f"{status} Moved", location=f"/hops/{int(left) - 1}/{nexts}"))


@handler
async def slow_hops(request: Request, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(0.2)
    writer.write(whole(b"", "302 Found", location=f"/slow-hops/{int(request.rest) - 1}"))


@handler
async def to(request: Request, writer: asyncio.StreamWriter) -> None:
    """`/to/URL` redirects there."""
    writer.write(whole(b"", "302 Found", location=unquote(request.rest)))


@handler
async def nowhere(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(whole(b"", "302 Found"))


# --- odd answers ----------------------------------------------------------------------------------------------------


@handler
async def always_304(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(head("304 Not Modified", etag='"een"'))


@handler
async def status(request: Request, writer: asyncio.StreamWriter) -> None:
    """`/status/410`."""
    writer.write(whole(b"<p>no</p>", f"{request.rest} \x1b[31mRed"))


@handler
async def wait_seconds(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(whole(b"", "429 Too Many Requests", retry_after=request.rest))


@handler
async def wait_until(request: Request, writer: asyncio.StreamWriter) -> None:
    """The server's clock is years behind; what counts is how far the date is from its own."""
    dates = {"date": "Fri, 03 Jan 2020 10:00:00 GMT", "retry_after": "Fri, 03 Jan 2020 10:02:00 GMT"}
    writer.write(whole(b"", "503 Service Unavailable", **dates))


@handler
async def bad_header(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nBad Header\x00: \x01\r\n\r\n<rss>")


@handler
async def no_http(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 smtp.example ESMTP\r\n")


@handler
async def two_lengths(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 50\r\n\r\n<rss>")


@handler
async def odd_etag(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(b'HTTP/1.1 200 OK\r\nETag: "\xff\xfe"\r\nContent-Length: 5\r\n\r\n<rss>')


@handler
async def charset(request: Request, writer: asyncio.StreamWriter) -> None:
    """`/charset/WORD`: the header names it, the body is in something else."""
    writer.write(whole("één".encode("cp1252"), content_type=f"text/html; charset={request.rest}"))


@handler
async def cookies(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(whole(FEED, set_cookie="id=1; Path=/"))


# --- well at first, and then no more --------------------------------------------------------------------------------


def paper(request: Request, numbers: range, mark: str = "") -> bytes:
    """Return a feed whose items link to pages of this server; `mark` stands in every link and id."""
    items = b"".join(
        b"<item><title>Bericht nummer %d van de dag</title><link>%b</link><guid>%b-%d</guid></item>"
        % (n, request.server.url(f"/article{mark}/{request.rest}-{n}").encode(), mark.encode(), n)
        for n in reversed(numbers)
    )
    return b'<rss version="2.0"><channel><title>Proef</title>%b</channel></rss>' % items


@handler
async def then(request: Request, writer: asyncio.StreamWriter) -> None:
    """`/then/WAY`: a good feed of six when it is first asked for, and afterwards what the way says."""
    times = request.server.paths.count(request.path)
    whole_feed = paper(request, range(6))
    if times == 1:
        writer.write(whole(whole_feed, etag='"een"'))
    else:
        writer.write(_WAYS[request.rest](request, times, whole_feed))


def _lies(request: Request, times: int, feed: bytes) -> bytes:
    """It has grown since, and says 304 to whoever asks whether it has."""
    if "if-none-match" in request.headers:
        return head("304 Not Modified", etag='"een"')
    return whole(paper(request, range(3, 9)), etag='"een"')


_WAYS: dict[str, Callable[[Request, int, bytes], bytes]] = {
    "grows": lambda request, times, feed: whole(paper(request, range(times, times + 6))),
    "is-emptied": lambda request, times, feed: whole(paper(request, range(0))),
    "gets-new-ids": lambda request, times, feed: whole(paper(request, range(6), f"-v{times}")),
    "lies": _lies,
    "is-cut-off": lambda request, times, feed: (
        head(content_length=2 * len(feed), etag='"cut"') + feed[: len(feed) // 2]
    ),
    "is-busy": lambda request, times, feed: (
        head("429 Too Many Requests", retry_after=3000, content_length=0) if times == 2 else whole(feed)
    ),
    "turns-to-html": lambda request, times, feed: whole(b"<!doctype html><html><body><p>Inloggen</p></body></html>"),
}


KEEPS: frozenset[Handler] = frozenset(
    {good, packed, conditional, article, slow_article, robots, not_found, hops, circle, cookies, always_304, charset}
)


async def main(port: int) -> None:
    async with Hostile(port=port) as server:
        for name in sorted(HANDLERS):
            print(server.url(f"/{name}"), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
