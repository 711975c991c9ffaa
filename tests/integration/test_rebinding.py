"""Names, numbers and name servers that lead to where only this machine can go. Not one connection may be made there.

127.0.0.1 plays the public internet here (`allow_private` names it) and 127.0.0.2 the secret inside.
"""

import asyncio
import socket
from collections.abc import Callable
from datetime import timedelta
from ipaddress import ip_network

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import AsyncResolver

from monitor.errors import FetchError
from monitor.fetch import Fetcher
from monitor.fetch.addresses import Gate, RefusedError
from monitor.model import Feed
from tests.hostile import FEED, Hostile

OUTSIDE = (ip_network("127.0.0.1/32"),)
INSIDE = "127.0.0.2"


class Names(AbstractResolver):
    """Name servers that answer as they are told; a list of lists is one answer after the other, the last for ever."""

    def __init__(self, **answers: list[list[str]]) -> None:
        self._answers = answers
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        answers = self._answers.get(host.partition(".")[0], [])
        found = (answers.pop(0) if len(answers) > 1 else answers[0]) if answers else self._by_number(host)
        return [result(host, address, port) for address in found]

    def _by_number(self, host: str) -> list[str]:
        """As careless C libraries do: `127.1`, `0x7f.1` and `0177.1` are numbers."""
        if "localhost" in host.lower():
            return ["127.0.0.1"]
        infos = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        return [str(info[4][0]) for info in infos]

    async def close(self) -> None:
        pass


def result(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST)


def fetcher(resolver: AbstractResolver, allow: tuple[object, ...] = OUTSIDE, total: float = 2) -> Fetcher:
    return Fetcher("", allow, resolver=resolver, total=timedelta(seconds=total), pause=timedelta(0))  # type: ignore[arg-type]


@pytest.fixture(params=["ours", "browser"])
def client(request: pytest.FixtureRequest) -> str:
    """Both clients keep the same promise."""
    if request.param == "browser":
        pytest.importorskip("curl_cffi", reason="the extra `browser` is not installed")
    return str(request.param)


def feed(url: str, client: str = "ours") -> Feed:
    return Feed(key="f", name="Proef", url=url, browser=client == "browser")


SPELLINGS = [
    *("127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0x7f.1", "0177.0.0.1", "0177.1"),
    *("017700000001", "127.0.0.1.", "0", "0.0.0.0", "127.0.0.2", "127.255.255.254", "%31%32%37.0.0.1"),
    *("[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:7f00:1]", "[::127.0.0.1]"),
    *("[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1%25lo]", "[::1%25lo]"),
    *("localhost", "LOCALHOST", "localhost.", "iets.localhost", "①②⑦.⓪.⓪.①", "127。0。0。1", "piet@127.0.0.1"),
    *("169.254.169.254", "[fd00:ec2::254]", "100.100.100.200", "binnen.example"),
]


@pytest.mark.parametrize("host", SPELLINGS)
async def test_no_spelling_of_a_private_address_is_asked(host: str, client: str):
    """Asked for, or led to by a redirect: refused, and nobody was called."""
    async with Hostile() as server, Hostile(host=INSIDE, port=server.port) as inside:
        names = Names(binnen=[["127.0.0.1"]], buiten=[["127.0.0.1"]])
        async with fetcher(names, allow=()) as web:
            with pytest.raises(FetchError) as raised:
                await web.feed(feed(f"http://{host}:{server.port}/good", client))
        assert not raised.value.retry or "resolved" in raised.value.reason
        assert server.connections == 0

        async with fetcher(names, allow=(ip_network("127.0.0.3/32"),)) as web, Hostile(host="127.0.0.3") as outside:
            with pytest.raises(FetchError):
                await web.feed(feed(outside.url(f"/to/http://{host}:{server.port}/good"), client))
            assert outside.paths != []
        assert server.connections == 0
        assert inside.connections == 0


@pytest.mark.parametrize("answer", [[INSIDE], ["127.0.0.1", INSIDE], [INSIDE, "127.0.0.1"], ["127.0.0.1", "::1"]])
async def test_one_private_address_among_the_answers_is_enough_to_refuse(answer: list[str], client: str):
    """An honest name never has one; trying the others would leave the choice to whoever set the trap."""
    async with Hostile() as outside, Hostile(host=INSIDE, port=outside.port) as inside:
        async with fetcher(Names(krant=[answer])) as web:
            with pytest.raises(FetchError, match="not a public address"):
                await web.feed(feed(outside.url("/good", host="krant.example"), client))
        assert (outside.connections, inside.connections) == (0, 0)


async def test_a_name_that_changes_its_mind_is_refused(client: str):
    """First it leads outside, then, for the redirect to the same name, inside."""
    async with Hostile() as outside, Hostile(host=INSIDE) as inside:
        names = Names(krant=[["127.0.0.1"], [INSIDE]])
        async with fetcher(names) as web:
            assert (await web.feed(feed(outside.url("/good", host="krant.example"), client))).body == FEED
            with pytest.raises(FetchError, match="not a public address"):
                await web.feed(
                    feed(outside.url(f"/to/http://krant.example:{inside.port}/good", host="krant.example"), client)
                )
        assert names.asked == ["krant.example", "krant.example"]
        assert inside.connections == 0


def test_the_last_check_stands_where_the_socket_is_made():
    """Should a resolver's answer change between the check and the use, there is still no socket."""
    with pytest.raises(RefusedError):
        Gate(OUTSIDE).socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", (INSIDE, 80)))
    Gate(OUTSIDE).socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80))).close()


# --- name servers that do not answer --------------------------------------------------------------------------------


class NameServer(asyncio.DatagramProtocol):
    """Says 127.0.0.1 for every name but those that begin with `hangt`, for which it says nothing."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, place: object) -> None:
        if data[13:18] == b"hangt":
            return
        question_end = data.index(b"\0", 12) + 5
        wants_ipv4 = data[question_end - 4 : question_end - 2] == b"\0\1"
        head = data[:2] + b"\x81\x80\0\1" + (b"\0\1" if wants_ipv4 else b"\0\0") + b"\0\0\0\0"
        record = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x7f\0\0\1" if wants_ipv4 else b""
        self._transport.sendto(head + data[12:question_end] + record, place)  # type: ignore[attr-defined]


async def test_names_that_hang_do_not_delay_the_others():
    """With a pool of threads eight of them are enough to stop everything; here forty stop only themselves."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(NameServer, local_addr=("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]
    done: list[str] = []

    async def poll(web: Fetcher, host: str, make: Callable[[str], str]) -> None:
        try:
            await web.feed(feed(make(host)))
        except FetchError as error:
            done.append("hangs" if "within" in error.reason else error.reason)
        else:
            done.append("good")

    async with (
        Hostile() as server,
        fetcher(AsyncResolver(nameservers=[f"127.0.0.1:{port}"], timeout=5.0), total=3) as web,
    ):
        hosts = [f"hangt{i}.example" for i in range(40)] + [f"krant{i}.example" for i in range(40)]
        await asyncio.gather(*(poll(web, host, lambda name: server.url("/good", host=name)) for host in hosts))
    transport.close()
    assert done == ["good"] * 40 + ["hangs"] * 40
