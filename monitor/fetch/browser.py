"""Asking with the handshake of a browser (curl_cffi, an extra), for outlets that turn away every other TLS client.

Only the handshake is a browser's: the User-Agent stays ours. libcurl would resolve names and choose addresses itself, so
it is given the addresses that `CheckedResolver` let pass, and may use no proxy, no cookie, no redirect and no password
file.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import tempfile
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from multidict import CIMultiDict
from yarl import URL

from monitor.fetch.addresses import CheckedResolver, Gate
from monitor.fetch.answer import Answer, in_pieces
from monitor.urls import clean

if TYPE_CHECKING:
    from curl_cffi import AsyncCurl, Curl

LIKE = "chrome"  # the newest that the library knows
HEAD_CAP = 256 * 2**10

_STOP = 0xFFFF_FFFF  # CURL_WRITEFUNC_ERROR
_NUMBER = re.compile(r"(?:^|\.)(?:0x[0-9a-f]*|[0-9]+)\.?$", re.IGNORECASE)


class BrowserError(Exception):
    """What libcurl says went wrong."""


class Browser:
    """The client that looks like a browser; made when a feed first needs it. ImportError without the extra."""

    def __init__(self, names: CheckedResolver, gate: Gate, verify: ssl.SSLContext | None) -> None:
        from curl_cffi import AsyncCurl  # noqa: PLC0415 - an extra, and 30 MB: imported when a feed needs it

        self._names = names
        self._gate = gate
        self._open = AsyncExitStack()
        self._authorities = self._written(verify) if verify else ""
        self._transfers: AsyncCurl = AsyncCurl(self._authorities)
        self._open.push_async_callback(self._transfers.close)

    async def get(self, url: URL, headers: Mapping[str, str], cap: int) -> Answer:
        """Return the answer of one address, with no more than a little over `cap` bytes of its body, still packed."""
        addresses = await self._addresses(url)
        transfer = _Transfer(cap)
        curl = transfer.prepared(url, headers, addresses, self._authorities)
        done = self._transfers.add_handle(curl)
        try:
            return await transfer.answer(curl, done)
        finally:
            if not done.done() or done.cancelled():
                self._transfers.remove_handle(curl)
            curl.close()

    async def close(self) -> None:
        """End all transfers."""
        await self._open.aclose()

    async def _addresses(self, url: URL) -> list[str]:
        """Return where this name may be asked; nothing for an address, which libcurl asks as it stands.

        Raises RefusedError, also for `127.1` and `0x7f000001`: libcurl would take them for numbers and not look them up.
        """
        name = url.raw_host or ""
        if ":" in name or _NUMBER.search(name):
            self._gate.check(name)
            return []
        return [result["host"] for result in await self._names.resolve(name, url.port or 0, socket.AF_UNSPEC)]

    def _written(self, verify: ssl.SSLContext) -> str:
        file = Path(self._open.enter_context(tempfile.TemporaryDirectory())) / "authorities.pem"
        file.write_text("".join(ssl.DER_cert_to_PEM_cert(one) for one in verify.get_ca_certs(binary_form=True)))
        return str(file)


class _Transfer:
    """One request and what comes back."""

    def __init__(self, cap: int) -> None:
        self._cap = cap
        self._head: list[bytes] = []
        self._body = bytearray()
        self._full = False

    def prepared(self, url: URL, headers: Mapping[str, str], addresses: list[str], authorities: str) -> Curl:
        from curl_cffi import Curl, CurlOpt  # noqa: PLC0415 - as above

        curl = Curl(authorities)
        curl.impersonate(LIKE, default_headers=False)
        pinned = ",".join(addresses)
        for option, value in (
            (CurlOpt.URL, str(url)),
            (CurlOpt.RESOLVE, [f"{url.raw_host}:{url.port}:{pinned}"] if addresses else []),
            (CurlOpt.PROXY, ""),
            (CurlOpt.PROTOCOLS_STR, "http,https"),
            (CurlOpt.FOLLOWLOCATION, 0),
            (CurlOpt.ACCEPT_ENCODING, headers.get("Accept-Encoding", "identity")),
            (CurlOpt.HTTP_CONTENT_DECODING, 0),
            (CurlOpt.HTTPHEADER, [f"{name}: {value}".encode() for name, value in headers.items()]),
            (CurlOpt.HEADERFUNCTION, self._on_head),
            (CurlOpt.WRITEFUNCTION, self._on_body),
        ):
            curl.setopt(option, value)
        return curl

    async def answer(self, curl: Curl, done: asyncio.Future[None]) -> Answer:
        from curl_cffi import CurlError, CurlInfo  # noqa: PLC0415 - as above

        try:
            await done
        except CurlError as error:
            if not self._full:
                raise BrowserError(_words(str(error))) from error
        if self._head[-1:] != [b"\r\n"] and self._head[-1:] != [b"\n"]:
            raise BrowserError("the answer broke off")
        status = curl.getinfo(CurlInfo.RESPONSE_CODE)
        return Answer(int(status) if isinstance(status, int) else 0, _headers(self._head), in_pieces(bytes(self._body)))

    def _on_head(self, line: bytes) -> int:
        if line.startswith(b"HTTP/"):
            self._head.clear()  # of a 1xx that came before
        self._head.append(line)
        return len(line) if sum(map(len, self._head)) <= HEAD_CAP else _STOP

    def _on_body(self, data: bytes) -> int:
        self._body += data
        self._full = len(self._body) > self._cap
        return _STOP if self._full else len(data)


def _headers(lines: list[bytes]) -> CIMultiDict[str]:
    pairs = (clean(line.decode("utf-8", "replace")).partition(":") for line in lines[1:])
    return CIMultiDict((name.strip(), value.strip()) for name, colon, value in pairs if colon)


def _words(text: str) -> str:
    """Return what libcurl says, without where to read about it."""
    found = re.search(r"curl: \(\d+\) (.*?)\.? See https", text, re.DOTALL)
    return found[1] if found else text
