"""Fetching itself: the session, the redirects, the deadline, and one outcome for whatever is raised below."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from http import HTTPStatus
from ipaddress import IPv4Network, IPv6Network
from time import monotonic
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp.abc import AbstractResolver
from aiohttp.resolver import AsyncResolver
from yarl import URL

from monitor.errors import FetchError
from monitor.fetch import body, headers, reasons
from monitor.fetch.addresses import CheckedResolver, Gate
from monitor.fetch.answer import Answer
from monitor.fetch.browser import Browser
from monitor.fetch.robots import EVERYTHING, Robots, parse
from monitor.model import Feed, Page
from monitor.urls import clean, host, masked

FEED_CAP = 16 * 2**20  # some publishers list a whole year
PAGE_CAP = 5 * 2**20  # an article page of 3 MB is mostly script
ROBOTS_CAP = 500 * 2**10  # RFC 9309, 2.5: at least 500 KiB
ROBOTS_KEPT = timedelta(days=1)  # RFC 9309, 2.4
ROBOTS_ASKED_AGAIN = timedelta(minutes=10)  # when a server could not say what it allows
DELAY_AT_MOST = timedelta(seconds=10)  # of what a robots.txt may ask between two pages
REDIRECTS = 5
HEADER_CAP = 32 * 2**10  # of one header: the policies and preload lists of real sites pass the usual 8 KB

_MOVED = frozenset({301, 302, 303, 307, 308})
_MOVED_FOR_GOOD = frozenset({301, 308})
_PASSING = frozenset({408, 425, 429})  # as every 5xx: may be better later


class Fetcher:
    """Fetches feeds and article pages, politely and within bounds; an asynchronous context manager.

    `contact` stands in the User-Agent; `allow_private` names the networks that may be asked though they are not
    public. `pause` is the least time between two pages of one host (the pause between a page and a feed is the
    caller's), `total` the deadline of one fetch with all its redirects; the caps count bytes, on the wire and as
    unpacked. `verify` replaces the system's certificate authorities, `resolver` its name servers. `now` is asked when
    a server names a date but not its own time.
    """

    def __init__(  # noqa: PLR0913 - one knob for each limit, all by name
        self,
        contact: str = "",
        allow_private: Sequence[IPv4Network | IPv6Network] = (),
        *,
        pause: timedelta = timedelta(seconds=1),
        total: timedelta = timedelta(seconds=30),
        feed_cap: int = FEED_CAP,
        page_cap: int = PAGE_CAP,
        verify: ssl.SSLContext | None = None,
        resolver: AbstractResolver | None = None,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self._said = {"User-Agent": headers.agent(contact), "Accept-Encoding": "gzip"}
        self._gate = Gate(allow_private)
        self._total = total
        self._feed_cap = feed_cap
        self._page_cap = page_cap
        self._verify = verify
        self._resolver = resolver
        self._now = now
        # Bounded: a hostile feed may link to as many hosts as it likes.
        self._site = lru_cache(maxsize=4096)(lambda _: _Site(pause=pause.total_seconds()))
        self._turn = lru_cache(maxsize=4096)(lambda _: _Turn())
        self._session: aiohttp.ClientSession | None = None
        self._names: CheckedResolver | None = None
        self._browser: Browser | None = None

    async def __aenter__(self) -> Self:
        self._names = CheckedResolver(self._resolver or AsyncResolver(timeout=5.0, tries=2), self._gate)
        connector = aiohttp.TCPConnector(
            limit=0,  # how much runs side by side is the callers' to say; a queue here would let the slow delay the rest
            resolver=self._names,
            socket_factory=self._gate.socket,
            ssl=self._verify or True,
            ttl_dns_cache=60,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            auto_decompress=False,
            trust_env=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=10.0),
            max_line_size=HEADER_CAP,
            max_field_size=HEADER_CAP,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None and self._names is not None:
            if self._browser is not None:
                await self._browser.close()
            await self._session.close()
            await self._names.close()

    async def feed(self, feed: Feed, *, conditional: bool = True) -> Page:
        """Return the feed's document, or `Page(not_modified=True)` when it is still as `feed.state` knows it.

        Raises FetchError for everything that can go wrong.
        """
        known = headers.conditions(feed.state) if conditional else {}
        wish = _Wish({"Accept": headers.FEED_TYPES} | known, self._feed_cap, browser=feed.browser)
        return await self._get(feed.url, wish)

    async def page(self, url: str, *, browser: bool = False) -> Page:
        """Return an article's page: if its robots.txt allows, one at a time on its host and with a pause between.

        `browser` asks with the handshake of a browser, as a feed may need. Raises FetchError for everything that can
        go wrong.
        """
        wish = _Wish({"Accept": headers.PAGE_TYPES}, self._page_cap, polite=True, browser=browser)
        return await self._get(url, wish)

    async def _get(self, url: str, wish: _Wish) -> Page:
        try:
            return await self._follow(_Trip(url), wish)
        except FetchError:
            raise
        except TimeoutError as error:
            reason = f"no full answer within {self._total.total_seconds():g} s"
            raise FetchError(masked(clean(url)), reason, retry=True) from error
        except Exception as error:  # one outcome for each fetch, whatever the libraries below raise
            reason, retry = reasons.of(error)
            raise FetchError(masked(clean(url)), reason, retry=retry) from error

    async def _follow(self, trip: _Trip, wish: _Wish) -> Page:
        """Ask for the address, then for where it sends us, all within one deadline; waiting politely does not count."""
        left = self._total.total_seconds()
        for _ in range(REDIRECTS + 1):
            async with self._admitted(trip.at, wish):
                began = monotonic()
                async with asyncio.timeout(left), self._answer(trip, wish) as answer:
                    if answer.status not in _MOVED:
                        return await self._page(trip, wish, answer)
                    trip.turn(answer.status, answer.headers.get("Location", ""))
                left -= monotonic() - began
        raise FetchError(trip.asked, f"more than {REDIRECTS} redirects", retry=True, status=answer.status)

    @asynccontextmanager
    async def _answer(self, trip: _Trip, wish: _Wish) -> AsyncIterator[Answer]:
        if self._session is None:
            raise RuntimeError("a Fetcher is used as `async with Fetcher(…) as fetcher`")
        said = {**self._said, **wish.headers, **trip.login}
        if wish.browser:
            yield await self._as_browser().get(trip.at, said, wish.cap)
            return
        async with self._session.get(trip.at, headers=said, allow_redirects=False) as answer:
            yield Answer(answer.status, answer.headers, answer.content.iter_any())

    def _as_browser(self) -> Browser:
        if self._names is None:
            raise RuntimeError("a Fetcher is used as `async with Fetcher(…) as fetcher`")
        if self._browser is None:
            self._browser = Browser(self._names, self._gate, self._verify)
        return self._browser

    async def _page(self, trip: _Trip, wish: _Wish, answer: Answer) -> Page:
        """Return what an answer that is no redirect brought. Raises FetchError, BodyError and what aiohttp raises."""
        unchanged = answer.status == HTTPStatus.NOT_MODIFIED and wish.conditional
        if not unchanged and not _good(answer.status):
            raise self._refused(trip, answer)
        text, cut = b"", False
        if not unchanged:
            packed = ",".join(answer.headers.getall("Content-Encoding", []))
            text, cut = await body.read(answer.chunks, packed, wish.cap)
        content_type, charset = ("", "") if unchanged else headers.content_type(answer.headers)
        return Page(
            url=masked(str(trip.at)),
            asked=trip.asked,
            status=answer.status,
            body=text,
            content_type=content_type,
            charset=charset,
            # Half a body must never be remembered as the whole: no validator, so the next poll asks for all of it.
            etag="" if cut else headers.validator(answer.headers, "ETag"),
            last_modified="" if cut else headers.validator(answer.headers, "Last-Modified"),
            not_modified=unchanged,
            truncated=cut,
            moved_to=trip.moved_to,
            fetched=self._now() if self._now else None,
        )

    def _refused(self, trip: _Trip, answer: Answer) -> FetchError:
        status = answer.status
        return FetchError(
            trip.asked,
            reasons.of_status(status),
            retry=status in _PASSING or status >= 500 or status < 400,
            status=status,
            retry_after=headers.retry_after(answer.headers, self._now() if self._now else None),
        )

    @asynccontextmanager
    async def _admitted(self, at: URL, wish: _Wish) -> AsyncIterator[None]:
        """Hold the host's turn while a page is fetched; raises FetchError when its robots.txt does not allow it."""
        if not wish.polite:
            yield
            return
        site = self._site(at.origin())
        async with self._turn(host(str(at))).held(site):
            if not (await self._rules(site, at, wish)).allow(str(at)):
                raise FetchError(masked(str(at)), "robots.txt does not allow", retry=False)
            yield

    async def _rules(self, site: _Site, at: URL, wish: _Wish) -> Robots:
        """Return the rules of a site, asked once a day. Raises FetchError when the site cannot say (RFC 9309, 2.3.1)."""
        if monotonic() >= site.asked_again:
            await self._ask(site, at, wish)
        if site.robots is None:
            raise FetchError(masked(str(at)), f"robots.txt: {site.error}", retry=True, retry_after=site.retry_after)
        return site.robots

    async def _ask(self, site: _Site, at: URL, wish: _Wish) -> None:
        try:
            plain = _Wish({"Accept": "text/plain"}, ROBOTS_CAP, browser=wish.browser)
            page = await self._get(str(at.origin() / "robots.txt"), plain)
        except FetchError as error:
            site.after_failure(error)
        else:
            site.after_answer(parse(page.body))


@dataclass(frozen=True, slots=True)
class _Wish:
    """What is asked for: these headers, at most so many bytes, and whether in turn and as robots.txt allows."""

    headers: Mapping[str, str]
    cap: int
    polite: bool = False
    browser: bool = False

    @property
    def conditional(self) -> bool:
        return "If-None-Match" in self.headers or "If-Modified-Since" in self.headers


class _Trip:
    """The way from the address asked for to where the page is. Raises FetchError where it may not lead."""

    def __init__(self, url: str) -> None:
        self.asked, self._start, self._login = _taken_apart(url)
        self.at = self._start
        self._for_good = True

    def turn(self, status: int, location: str) -> None:
        """Go where a redirect points. What it says of user and password is not for us."""
        if not location:
            raise FetchError(self.asked, "a redirect to nowhere", retry=True, status=status)
        self.at = _address(self.asked, location, self.at).with_user(None)
        self._for_good = self._for_good and status in _MOVED_FOR_GOOD

    @property
    def login(self) -> dict[str, str]:
        """The header with user and password: for the host they were given for, and never less safely than there."""
        upgraded = self._start.is_default_port() and self._start.origin().with_scheme("https")
        at_home = self.at.origin() in (self._start.origin(), upgraded)
        return {"Authorization": self._login} if self._login and at_home else {}

    @property
    def moved_to(self) -> str:
        """Where the page lives now, if every redirect said that this is for good.

        Not with user and password: the new address would lack them, and with them it must not be kept.
        """
        return str(self.at) if self._for_good and self.at != self._start and not self._login else ""


@lru_cache(maxsize=4096)  # a feed's address is taken apart at each poll
def _taken_apart(url: str) -> tuple[str, URL, str]:
    """Return an address as it may be shown, as it is asked, and the login that goes with it; raises FetchError."""
    asked = masked(clean(url))
    start = _address(asked, url)
    return asked, start.with_user(None), headers.login(start)


def _address(asked: str, text: str, base: URL | None = None) -> URL:
    try:
        url = base.join(URL(text.strip())) if base else URL(text.strip())
        if url.scheme in ("http", "https") and url.host:
            return url
    except ValueError as error:
        raise FetchError(asked, "this address cannot be read", retry=False) from error
    raise FetchError(asked, f"{reasons.short(url.scheme) or 'this'} is no address of the web", retry=False)


class _Turn:
    """One page at a time from a host, and a pause between two."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._free = 0.0

    @asynccontextmanager
    async def held(self, site: _Site) -> AsyncIterator[None]:
        async with self._lock:
            await asyncio.sleep(max(0.0, self._free - monotonic()))
            try:
                yield
            finally:
                self._free = monotonic() + site.delay


@dataclass(slots=True)
class _Site:
    """What we know of a site's robots.txt. `robots` is None while the site could not say what it allows."""

    pause: float
    robots: Robots | None = None
    asked_again: float = 0.0
    error: str = ""
    retry_after: timedelta | None = None

    @property
    def delay(self) -> float:
        """Seconds between two pages of the site."""
        wanted = self.robots.delay if self.robots else 0.0
        return max(self.pause, min(wanted, DELAY_AT_MOST.total_seconds()))

    def after_answer(self, found: Robots) -> None:
        self.robots, self.asked_again = found, monotonic() + ROBOTS_KEPT.total_seconds()

    def after_failure(self, error: FetchError) -> None:
        """No such file allows everything; a server in trouble allows nothing new, and what it allowed before holds."""
        if 300 <= error.status < 500 and error.status not in _PASSING:
            self.after_answer(EVERYTHING)
            return
        self.error, self.retry_after = error.reason, error.retry_after
        self.asked_again = monotonic() + ROBOTS_ASKED_AGAIN.total_seconds()


def _good(status: int) -> bool:
    """Say whether this status brings a whole document; 206 brings a part that we did not ask for."""
    return 200 <= status < 300 and status != HTTPStatus.PARTIAL_CONTENT
