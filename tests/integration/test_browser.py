"""The client with a browser's handshake: as careful as our own, and unlike it only in that handshake."""

import ssl
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from ipaddress import ip_network

import pytest
import trustme

from monitor.errors import FetchError
from monitor.fetch import Fetcher
from monitor.model import Feed, FeedState
from tests.hostile import FEED, HANDLERS, Hostile

pytest.importorskip("curl_cffi", reason="the extra `browser` is not installed")

MORE = {
    "hops": ["/hops/5/301", "/hops/6/302", "/hops/2/301,302"],
    "status": ["/status/404", "/status/410", "/status/503", "/status/206"],
    "wait-seconds": ["/wait-seconds/120"],
    "to": ["/to/file:///etc/passwd", "/to/http://169.254.169.254/"],
    "charset": ["/charset/windows-1252"],
    "slow-hops": ["/slow-hops/1"],
    "then": [],  # its answers depend on how often it was asked
}
# These end by their size, and are given the time for it; the others end by the deadline.
POURED = {"/endless", "/endless-chunks", "/gzip-bomb", "/double-bomb", "/brotli-bomb", "/zstd-bomb", "/empty-members"}
PATHS = [path for name in HANDLERS for path in MORE.get(name, [f"/{name}"])]


@pytest.fixture
async def bad() -> AsyncIterator[Hostile]:
    async with Hostile() as server:
        yield server


def fetcher(*, total: float = 1, verify: ssl.SSLContext | None = None) -> Fetcher:
    limits = {"total": timedelta(seconds=total), "pause": timedelta(0), "feed_cap": 2**20}
    return Fetcher("redactie@proef.example", [ip_network("127.0.0.0/8")], verify=verify, **limits)  # type: ignore[arg-type]


def feed(url: str, *, browser: bool = True, **state: object) -> Feed:
    return Feed(key="f", name="Proef", url=url, browser=browser, state=FeedState(**state))  # type: ignore[arg-type]


async def outcome(web: Fetcher, asked: Feed) -> tuple[object, ...]:
    """What matters to the caller, without the words."""
    try:
        page = await web.feed(asked)
    except FetchError as error:
        return (error.status, error.retry, error.retry_after)
    kept = (page.etag, page.last_modified, page.moved_to, page.content_type, page.charset, page.url)
    return (page.status, page.truncated, page.body, page.not_modified, *kept)


@pytest.mark.parametrize("path", PATHS)
async def test_every_answer_ends_as_with_our_own_client(bad: Hostile, path: str):
    """Deadline, caps, cut bodies, redirects: a feed that needs this client is owed the same."""
    async with fetcher(total=20 if path in POURED else 1) as web:
        url = bad.url(path)
        assert await outcome(web, feed(url)) == await outcome(web, feed(url, browser=False))


async def test_we_still_say_who_we_are(bad: Hostile):
    """Only the handshake is a browser's."""
    async with fetcher() as web:
        await web.feed(feed(bad.url("/good")))
        await web.feed(feed(bad.url("/good"), browser=False))
    ours, plain = (request.headers for request in bad.requests)
    assert ours == plain
    assert ours["user-agent"].startswith("monitor/")


async def test_conditional_polls_work_here_too(bad: Hostile):
    """A feed behind a bot wall is polled as cheaply as any."""
    async with fetcher() as web:
        page = await web.feed(feed(bad.url("/conditional"), etag='"een"'))
    assert page.not_modified


async def test_user_and_password_stay_with_their_host(bad: Hostile):
    """As with our own client."""
    address = bad.url("/to/").replace("://", "://piet:hunter2@")
    async with Hostile(host="127.0.0.2") as other, fetcher() as web:
        assert (await web.feed(feed(address + other.url("/good")))).body == FEED
        assert "authorization" in bad.requests[0].headers
        assert "authorization" not in other.requests[0].headers


async def test_the_environment_has_no_say(bad: Hostile, monkeypatch: pytest.MonkeyPatch):
    """libcurl would take a proxy from there."""
    async with Hostile(host="127.0.0.2") as proxy, fetcher() as web:
        for name in ("http_proxy", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url(""))
        assert (await web.feed(feed(bad.url("/good")))).body == FEED
        assert proxy.connections == 0


async def test_the_handshake_is_another_one_and_as_strict():
    """That is what it is for; and a certificate that nobody vouches for is refused."""
    authority = trustme.CA()
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    async with Hostile(tls=tls) as server:
        async with fetcher(verify=trusting) as web:
            assert (await web.feed(feed(server.url("/good")))).body == FEED
            assert (await web.feed(feed(server.url("/good"), browser=False))).body == FEED
        browsers, ours = server.ciphers
        if sys.version_info >= (3, 11, 7):  # 3.11.2, of Debian 12, lists the server's own
            assert browsers != ours
        async with fetcher() as web:
            with pytest.raises(FetchError, match="certificate"):
                await web.feed(feed(server.url("/good")))


async def test_without_the_extra_it_is_said_what_to_install(bad: Hostile, monkeypatch: pytest.MonkeyPatch):
    """The feed fails with the remedy in its reason; the others go on."""
    monkeypatch.setitem(sys.modules, "curl_cffi", None)
    async with fetcher() as web:
        with pytest.raises(FetchError, match=r"monitor\[browser\]"):
            await web.feed(feed(bad.url("/good")))
        assert (await web.feed(feed(bad.url("/good"), browser=False))).body == FEED
