"""Fetching from a real server on loopback that does everything wrong."""

import asyncio
import ssl
import subprocess
import sys
import textwrap
import traceback
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from itertools import pairwise
from pathlib import Path

import pytest
import trustme
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.errors import FetchError
from monitor.fetch import Fetcher
from monitor.model import Feed, FeedState, Page
from tests.hostile import FEED, Hostile

ROOT = Path(__file__).resolve().parent.parent.parent
LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
NONE: tuple[IPv4Network | IPv6Network, ...] = ()
SECRET = "hunter2"


@pytest.fixture
async def bad() -> AsyncIterator[Hostile]:
    async with Hostile() as server:
        yield server


def fetcher(*, allow: tuple[IPv4Network | IPv6Network, ...] = LOOPBACK, total: float = 1, **more: object) -> Fetcher:
    options = {"pause": timedelta(0), "total": timedelta(seconds=total), "feed_cap": 2**20, **more}
    return Fetcher("redactie@proef.example", allow, **options)  # type: ignore[arg-type]


def feed(url: str, **state: object) -> Feed:
    return Feed(key="f", name="Proef", url=url, state=FeedState(**state))  # type: ignore[arg-type]


async def fetched(url: str, **options: object) -> Page:
    async with fetcher(**options) as web:  # type: ignore[arg-type]
        return await web.feed(feed(url))


async def failed(url: str, **options: object) -> FetchError:
    with pytest.raises(FetchError) as raised:
        await fetched(url, **options)
    return raised.value


# --- what a good server gets and gives ------------------------------------------------------------------------------


async def test_a_feed_comes_as_bytes(bad: Hostile):
    """Nothing is decoded on the way: the parser sees what the publisher wrote."""
    page = await fetched(bad.url("/good"))
    assert (page.body, page.status, page.url, page.asked) == (FEED, 200, bad.url("/good"), bad.url("/good"))
    assert (page.content_type, page.charset, page.etag) == ("application/rss+xml", "utf-8", '"een"')


async def test_we_say_who_we_are(bad: Hostile):
    """A publisher who minds can write to a person."""
    await fetched(bad.url("/good"))
    [request] = bad.requests
    assert request.headers["user-agent"].startswith("monitor/")
    assert request.headers["user-agent"].endswith(" (+redactie@proef.example)")
    assert request.headers["accept-encoding"] == "gzip"


async def test_connections_are_used_again_and_cookies_are_not_kept(bad: Hostile):
    """A poll costs one round trip, and no site can follow us from one to the next."""
    async with fetcher() as web:
        for path in ("/cookies", "/good", "/packed", "/cookies"):
            assert (await web.feed(feed(bad.url(path, host="localhost")))).body == FEED
    assert bad.connections == 1
    assert not any("cookie" in request.headers for request in bad.requests)


async def test_the_environment_has_no_say(bad: Hostile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A proxy would look up names in our place, and reach what we may not; passwords come from the feed alone."""
    async with Hostile(host="127.0.0.2") as proxy:
        monkeypatch.setenv("http_proxy", proxy.url(""))
        monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
        (tmp_path / "netrc").write_text(f"machine 127.0.0.1 login piet password {SECRET}\n")
        assert (await fetched(bad.url("/good"))).body == FEED
        assert "authorization" not in bad.requests[0].headers
        assert proxy.connections == 0


@pytest.mark.parametrize("path", ["/packed", "/members", "/gzip-and-rest"])
async def test_gzip_is_unpacked(bad: Hostile, path: str):
    """In one member or two, with padding behind or without: the same bytes."""
    assert (await fetched(bad.url(path))).body == FEED


async def test_an_unchanged_feed_costs_no_body(bad: Hostile):
    """The validators of the last poll go along; a forced full poll sends none, because some ETags lie."""
    async with fetcher() as web:
        first = await web.feed(feed(bad.url("/conditional")))
        known = feed(bad.url("/conditional"), etag=first.etag, last_modified=first.last_modified)
        second = await web.feed(known)
        full = await web.feed(known, conditional=False)
    assert (second.not_modified, second.body, second.etag) == (True, b"", '"een"')
    assert (full.not_modified, full.body) == (False, FEED)
    assert bad.requests[1].headers["if-modified-since"] == "Sat, 21 Nov 2026 10:00:00 GMT"


async def test_304_to_who_knows_nothing_is_a_failure(bad: Hostile):
    """A server that says 304 for ever must not look like a quiet feed."""
    error = await failed(bad.url("/always-304"))
    assert (error.status, error.retry) == (304, True)


async def test_a_page_is_dated_by_the_clock_it_was_given(bad: Hostile):
    """Only the wiring knows what time it is."""
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    assert (await fetched(bad.url("/good"), now=lambda: now)).fetched == now


async def test_a_long_header_of_a_real_site_is_no_fault(bad: Hostile):
    """Security policies of 20 kB exist."""
    assert (await fetched(bad.url("/long-header"))).body == FEED


# --- slow and endless -----------------------------------------------------------------------------------------------

STALLS = ["/silent", "/slow-head", "/slow-body", "/silent-body", "/tiny-chunks", "/endless-chunks", "/endless-continue"]


@pytest.mark.parametrize("path", STALLS)
async def test_a_drip_cannot_stretch_the_deadline(bad: Hostile, path: str):
    """Each byte in time, and never the last: the deadline is for all of it."""
    error = await failed(bad.url(path), total=0.5)
    assert (error.reason, error.retry) == ("no full answer within 0.5 s", True)


async def test_redirects_share_one_deadline(bad: Hostile):
    """Six hops of just under the deadline would else be six deadlines."""
    assert (await failed(bad.url("/slow-hops/5"), total=0.5)).reason == "no full answer within 0.5 s"
    assert len(bad.requests) <= 3


async def test_the_slow_do_not_delay_the_rest(bad: Hostile):
    """Sixty hanging servers, and every healthy feed is done before the first of them is given up."""
    done: list[str] = []

    async def poll(web: Fetcher, path: str) -> None:
        try:
            await web.feed(feed(bad.url(path)))
        except FetchError:
            done.append("slow")
        else:
            done.append("good")

    async with fetcher(total=5) as web:
        await asyncio.gather(
            *(poll(web, path) for path in ["/slow-head", "/silent", "/slow-body"] * 20 + ["/good"] * 200)
        )
    assert done == ["good"] * 200 + ["slow"] * 60


async def test_those_who_pour_do_not_stop_the_rest(bad: Hostile):
    """Endless tiny chunks and empty answers keep the event loop busy; the healthy still get their turn in between."""
    healthy: list[str] = []

    async def poll(web: Fetcher, url: str) -> None:
        # One that pours ends at its deadline or at the cap, whichever comes first.
        with suppress(FetchError):
            page = await web.feed(feed(url))
            healthy.extend([] if page.truncated else [url])

    pourer = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.hostile", cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert pourer.stdout is not None
    root = (await pourer.stdout.readline()).decode().rpartition("/")[0]
    try:
        async with fetcher(total=8) as web:
            pours = [f"{root}/endless-chunks", f"{root}/endless-continue", f"{root}/tiny-chunks"]
            await asyncio.gather(*(poll(web, url) for url in pours + [bad.url("/good")] * 30))
    finally:
        pourer.kill()
        await pourer.communicate()
    assert healthy == [bad.url("/good")] * 30


@pytest.mark.parametrize("path", ["/endless", "/gzip-bomb", "/empty-members"])
async def test_too_much_is_cut_and_never_remembered_as_the_whole(bad: Hostile, path: str):
    """The beginning is of use (newest first); its ETag is not: the rest would be 304 for ever."""
    page = await fetched(bad.url(path), total=20, feed_cap=2**20)
    assert page.truncated
    assert len(page.body) <= 2**20
    assert (page.etag, page.last_modified) == ("", "")


@pytest.mark.parametrize("path", ["/brotli-bomb", "/zstd-bomb", "/double-bomb"])
async def test_a_packing_that_was_not_asked_for_is_refused(bad: Hostile, path: str):
    """Only what we can unpack a piece at a time is let in."""
    assert "not asked for" in (await failed(bad.url(path), total=20)).reason


@pytest.mark.parametrize("path", ["/endless-head", "/giant-header", "/bad-header", "/no-http", "/two-lengths"])
async def test_what_is_not_http_is_said_to_be_so(bad: Hostile, path: str):
    """A clear fault, in our words and not in the stranger's bytes."""
    error = await failed(bad.url(path), total=10)
    assert error.reason.startswith("the answer is not HTTP as it should be")
    assert "b'" not in error.reason


EATER = """
    import asyncio, resource, sys
    from datetime import timedelta
    from ipaddress import ip_network
    from monitor.errors import FetchError
    from monitor.fetch import Fetcher
    from monitor.model import Feed

    def peak():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

    async def main(urls):
        async with Fetcher("", [ip_network("127.0.0.0/8")], total=timedelta(seconds=2)) as web:
            before = peak()
            for url in urls:
                try:
                    await web.feed(Feed(key="", name="", url=url))
                except FetchError:
                    pass
            print(peak() - before)

    asyncio.run(main(sys.argv[1:]))
"""


async def test_no_answer_costs_much_memory(bad: Hostile):
    """Endless bodies, heads and bombs: the process that fetches them grows by 80 MB at most, with the default caps."""
    paths = ["/endless", "/gzip-bomb", "/double-bomb", "/empty-members", "/endless-chunks", "/endless-continue"]
    urls = [bad.url(path) for path in [*paths, "/endless-head", "/giant-header"]]
    eater = await asyncio.create_subprocess_exec(
        sys.executable, "-c", textwrap.dedent(EATER), *urls, cwd=ROOT, stdout=subprocess.PIPE
    )
    said, _ = await eater.communicate()
    assert eater.returncode == 0
    assert int(said) < 80


CROWD = """
    import asyncio, resource, sys
    from datetime import timedelta
    from ipaddress import ip_network
    from monitor.errors import FetchError
    from monitor.fetch import Fetcher
    from monitor.model import Feed

    async def main(url):
        async with Fetcher("", [ip_network("127.0.0.0/8")], total=timedelta(seconds=20)) as web:
            feed = Feed(key="", name="", url=url)
            await web.feed(feed)
            resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
            came = await asyncio.gather(*(web.feed(feed) for _ in range(200)), return_exceptions=True)
            failed = [one for one in came if isinstance(one, Exception)]
            assert 0 < len(failed) < 200
            assert all(isinstance(one, FetchError) and one.retry for one in failed), failed
            assert (await web.feed(feed)).body

    asyncio.run(main(sys.argv[1]))
"""


async def test_too_few_files_fail_some_fetches_and_no_more(bad: Hostile):
    """When the process may open no more files, what cannot be had is had later; nothing is stuck."""
    crowd = await asyncio.create_subprocess_exec(
        sys.executable, "-c", textwrap.dedent(CROWD), bad.url("/slow-article"), cwd=ROOT
    )
    assert await crowd.wait() == 0


# --- cut off --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/cut-gzip", "/cut-length", "/cut-chunk", "/cut-head", "/hang-up", "/not-gzip"])
async def test_half_a_document_is_a_failed_poll(bad: Hostile, path: str):
    """No page, so no ETag of it: a truncated gzip body with a correct length would else be 304 for ever."""
    assert (await failed(bad.url(path))).retry


# --- redirects ------------------------------------------------------------------------------------------------------


async def test_redirects_are_followed_to_their_end(bad: Hostile):
    """Five at most, relative ones too."""
    page = await fetched(bad.url("/hops/5/302"))
    assert (page.body, page.url, page.asked) == (FEED, bad.url("/hops/0/302"), bad.url("/hops/5/302"))
    assert (await failed(bad.url("/hops/6/302"))).reason == "more than 5 redirects"
    assert (await failed(bad.url("/circle"))).reason == "more than 5 redirects"
    assert (await failed(bad.url("/nowhere"))).reason == "a redirect to nowhere"


@pytest.mark.parametrize(
    ("path", "moved_to"),
    [
        ("/hops/2/301", "/hops/0/301"),
        ("/hops/1/308", "/hops/0/308"),
        ("/hops/2/301,302", ""),
        ("/hops/2/302,301", ""),
        ("/hops/1/302", ""),
    ],
)
async def test_a_move_for_good_is_told(bad: Hostile, path: str, moved_to: str):
    """Only a chain of permanent redirects is a new address."""
    assert (await fetched(bad.url(path))).moved_to == (moved_to and bad.url(moved_to))


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "ftp://127.0.0.1/", "javascript:alert(1)", "http:///x", "data:,x"]
)
async def test_redirects_lead_only_to_the_web(bad: Hostile, location: str):
    """Nothing on this machine is a page."""
    error = await failed(bad.url(f"/to/{location}"))
    assert not error.retry


async def test_user_and_password_stay_with_their_host(bad: Hostile):
    """They go to the host they were written for, to no other one, and into no page, error or traceback."""
    address = bad.url("/to/").replace("://", f"://piet:{SECRET}@")
    async with Hostile(host="127.0.0.2") as other:
        for target in (bad.url("/good"), other.url("/good"), other.url("/good").replace("://", "://a:b@")):
            page = await fetched(address + target)
            assert SECRET not in repr(page)
        assert [("authorization" in request.headers) for request in bad.requests] == [True, True, True, True]
        assert bad.requests[0].headers["authorization"] == "Basic cGlldDpodW50ZXIy"
        assert not any("authorization" in request.headers for request in other.requests)
    for broken in ("/status/500", "/cut-length", "/to/file:x", "/silent"):
        error = await failed(bad.url(broken).replace("://", f"://piet:{SECRET}@"), total=0.3)
        assert SECRET not in "".join(traceback.format_exception(error))


async def test_a_page_behind_a_password_never_moves(bad: Hostile):
    """The new address would be kept without the password, or the password in a place where it can be read."""
    assert (await fetched(bad.url("/hops/1/301").replace("://", f"://piet:{SECRET}@"))).moved_to == ""


# --- private addresses ----------------------------------------------------------------------------------------------


async def test_this_machine_is_not_asked(bad: Hostile):
    """Not even a connection is made."""
    error = await failed(bad.url("/good"), allow=NONE)
    assert "127.0.0.1 is not a public address" in error.reason
    assert not error.retry
    assert bad.connections == 0


async def test_a_redirect_is_checked_as_the_first_address_was(bad: Hostile):
    """A public page must not lead us to what only this machine can see."""
    async with Hostile(host="127.0.0.2") as secret:
        only = (ip_network("127.0.0.1/32"),)
        for target in (secret.url("/good"), "http://169.254.169.254/latest/meta-data/", "http://[::1]/"):
            assert "not a public address" in (await failed(bad.url(f"/to/{target}"), allow=only)).reason
        assert secret.connections == 0


async def test_a_named_network_may_be_asked(bad: Hostile):
    """`allow_private` is for the newsroom's own feeds; the name `localhost` comes from the hosts file."""
    assert (await fetched(bad.url("/good"), allow=(ip_network("127.0.0.1/32"),))).body == FEED
    assert (await fetched(bad.url("/good", host="localhost"))).body == FEED


# --- certificates ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def server_tls(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


@pytest.fixture
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


async def test_a_good_certificate_is_trusted(authority: trustme.CA, trusting: ssl.SSLContext):
    """The comparison for the rows below: the same server with nothing wrong."""
    async with Hostile(tls=server_tls(authority.issue_cert("127.0.0.1"))) as good:
        assert (await fetched(good.url("/good"), verify=trusting)).body == FEED


async def test_a_bad_certificate_is_a_clear_reason(authority: trustme.CA, trusting: ssl.SSLContext):
    """For another host, out of date, or from an authority that nobody knows: never asked all the same."""
    past = datetime(2020, 1, 1, tzinfo=UTC)
    bad = {
        "not valid for '127.0.0.1'": authority.issue_cert("elders.example"),
        "expired": authority.issue_cert("127.0.0.1", not_before=past, not_after=past + timedelta(days=9)),
        "issuer": trustme.CA().issue_cert("127.0.0.1"),
    }
    for words, certificate in bad.items():
        async with Hostile(tls=server_tls(certificate)) as server:
            error = await failed(server.url("/good"), verify=trusting)
            assert error.reason.startswith("no safe connection")
            assert words in error.reason
            assert error.retry
            assert server.requests == []


async def test_a_handshake_has_the_same_deadline(bad: Hostile):
    """A server that answers TLS with nothing, or with something else, costs one deadline and that feed only."""

    async def nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(nothing, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        assert (await failed(f"https://127.0.0.1:{port}/", total=0.5)).reason == "no full answer within 0.5 s"
    assert (await failed(bad.url("/good").replace("http:", "https:"))).retry


# --- statuses -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "retry", "reason"),
    [
        (404, False, "HTTP 404 Not Found"),
        (410, False, "HTTP 410 Gone"),
        (403, False, "HTTP 403 Forbidden"),
        (429, True, "HTTP 429 Too Many Requests"),
        (500, True, "HTTP 500 Internal Server Error"),
        (503, True, "HTTP 503 Service Unavailable"),
        (206, True, "HTTP 206 Partial Content"),
        (599, True, "HTTP 599"),
    ],
)
async def test_a_status_says_whether_to_try_again(bad: Hostile, status: int, retry: bool, reason: str):
    """In our words: what the server writes beside the number is a stranger's."""
    error = await failed(bad.url(f"/status/{status}"))
    assert (error.status, error.retry, error.reason) == (status, retry, reason)


async def test_retry_after_is_kept_in_both_kinds(bad: Hostile):
    """Seconds, or a date by the server's own clock, which may be years off."""
    assert (await failed(bad.url("/wait-seconds/120"))).retry_after == timedelta(minutes=2)
    assert (await failed(bad.url("/wait-until"))).retry_after == timedelta(minutes=2)
    assert (await failed(bad.url("/wait-seconds/99999999999999999999"))).retry_after == timedelta(days=1)
    assert (await failed(bad.url("/wait-seconds/soon"))).retry_after is None


async def test_what_cannot_be_sent_back_is_not_kept(bad: Hostile):
    """An ETag of odd bytes would break the next request, or the database."""
    assert (await fetched(bad.url("/odd-etag"))).etag == ""


# --- one outcome ----------------------------------------------------------------------------------------------------

ODD = [
    "",
    "http://",
    "http://a..b/",
    "http://[::1",
    "http://h:99999/",
    "http://exa mple/",
    "http://\ud800.example/",
    "http://x\x00y/",
    "http://" + "a" * 300 + "/",
    "http://user:pa@ss@/",
    "//geen.schema/",
    "mailto:a@b.example",
    "file:///etc/passwd",
    "javascript:alert(1)",
]


@pytest.mark.parametrize("url", ODD)
async def test_an_odd_address_is_a_fetch_error(url: str):
    """What a feed calls a link may be anything; UnicodeError and its like come from far below."""
    error = await failed(url)
    assert error.reason


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.text(max_size=40), st.text(max_size=40).map("http://".__add__)))
async def test_no_address_raises_anything_else(url: str):
    """Nothing escapes but FetchError; addresses are refused before anything is sent."""
    with pytest.raises(FetchError):
        await fetched(url, allow=NONE, total=0.3)


async def test_being_cancelled_is_no_failure(bad: Hostile):
    """The daemon stops a visit: that is not the feed's fault."""
    async with fetcher(total=10) as web:
        poll = asyncio.create_task(web.feed(feed(bad.url("/silent"))))
        await asyncio.sleep(0.1)
        poll.cancel()
        with pytest.raises(asyncio.CancelledError):
            await poll


# --- pages: robots.txt and politeness -------------------------------------------------------------------------------


async def test_pages_are_read_as_robots_txt_allows(bad: Hostile):
    """Our name's rules come before those for all; the file is asked for once; feeds are for reading anyway."""
    bad.robots = b"User-agent: *\nDisallow: /\n\nUser-agent: monitor\nDisallow: /article/plus\n"
    async with fetcher() as web:
        assert (await web.page(bad.url("/article/1"))).content_type == "text/html"
        with pytest.raises(FetchError) as raised:
            await web.page(bad.url("/article/plus/2"))
        assert (raised.value.reason, raised.value.retry) == ("robots.txt does not allow", False)
        await web.feed(feed(bad.url("/article/plus/feed")))
    assert bad.paths == ["/robots.txt", "/article/1", "/article/plus/feed"]


@pytest.mark.parametrize("robots", ["", "/status/403", "/circle", "/article"])
async def test_without_a_robots_txt_everything_is_allowed(bad: Hostile, robots: str):
    """RFC 9309, 2.3.1.3: 4xx and endless redirects mean that there is none; a web page in its place has no rules."""
    bad.robots = robots
    async with fetcher() as web:
        assert (await web.page(bad.url("/article"))).status == 200


@pytest.mark.parametrize("robots", ["/status/503", "/wait-seconds/60", "/hang-up", "/silent"])
async def test_a_server_that_cannot_say_is_asked_later(bad: Hostile, robots: str):
    """RFC 9309, 2.3.1.4: trouble means no, for now; the page itself is not asked for."""
    bad.robots = robots
    async with fetcher(total=0.5) as web:
        with pytest.raises(FetchError) as raised:
            await web.page(bad.url("/article"))
    assert raised.value.retry
    assert raised.value.reason.startswith("robots.txt: ")
    assert "/article" not in bad.paths
    assert raised.value.retry_after == (timedelta(minutes=1) if "60" in robots else None)


async def test_a_redirect_needs_the_leave_of_where_it_leads(bad: Hostile):
    """A link shortener's robots.txt does not speak for the paper."""
    async with Hostile(host="127.0.0.2") as paper, fetcher() as web:
        paper.robots = b"User-agent: *\nDisallow: /"
        with pytest.raises(FetchError, match=r"robots\.txt does not allow"):
            await web.page(bad.url("/to/") + paper.url("/article"))
        assert paper.paths == ["/robots.txt"]


async def test_a_host_is_asked_one_page_at_a_time_with_a_pause(bad: Hostile):
    """However many are wanted at once; other hosts need not wait."""
    async with Hostile(host="127.0.0.2") as other, fetcher(pause=timedelta(seconds=0.2)) as web:
        await asyncio.gather(*(web.page(server.url("/slow-article")) for server in (bad, bad, other, bad)))
        times = [request.when for request in bad.requests if request.path == "/slow-article"]
        assert bad.at_once == 1
        assert all(later - earlier >= 0.3 for earlier, later in pairwise(times))
        [elsewhere] = [request.when for request in other.requests if request.path == "/slow-article"]
        assert elsewhere < times[1]


async def test_a_wish_for_slowness_is_granted(bad: Hostile):
    """Crawl-delay is no part of the standard; it costs us nothing to be kind."""
    bad.robots = b"User-agent: *\nCrawl-delay: 0.5\n"
    async with fetcher() as web:
        await web.page(bad.url("/article/1"))
        await web.page(bad.url("/article/2"))
    assert bad.requests[2].when - bad.requests[1].when >= 0.5


@pytest.mark.parametrize("charset", ["utf-8", "windows-1252", "klingon"])
async def test_the_charset_is_told_and_not_applied(bad: Hostile, charset: str):
    """Headers lie about it: whoever reads the bytes decides."""
    page = await fetched(bad.url(f"/charset/{charset}"))
    assert (page.charset, page.body) == (charset, "één".encode("cp1252"))
