"""Where alerts arrive in the tests: a real SMTP server, and a real HTTPS endpoint that judges as Slack does.

Both run in a thread of their own on a port of their own, so that a test may be sync or async, and the program under
test may be a subprocess.
"""

import asyncio
import json
import re
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import quote

import trustme
from aiohttp import web
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session


def _cut(talk: asyncio.BaseTransport) -> None:
    """Hang up without a goodbye."""
    with suppress(AttributeError):  # Python 3.11.2, of Debian 12: a TLS connection closed twice has nothing to abort
        talk.abort()  # type: ignore[attr-defined]


# --- mail ------------------------------------------------------------------------------------------------------------


@dataclass
class Mail:
    """A mail as it came over the wire."""

    sender: str
    recipient: str
    raw: bytes

    @property
    def parsed(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=policy.default)  # type: ignore[return-value]

    def part(self, kind: str) -> str:
        """The decoded text of the part: `plain` or `html`."""
        found = self.parsed.get_body((kind,))  # type: ignore[arg-type]
        assert found is not None, f"no {kind} part"
        return str(found.get_content())


@dataclass
class Postbox:
    """A real SMTP server. Its fields say how it behaves; change them at any time."""

    refusing: str = ""  # "451 later": what RCPT is answered, to everybody
    refusing_to: dict[str, str] = field(default_factory=dict)  # the same for single recipients
    after_data: str = ""  # "554 no": what is answered to the mail itself
    dropping: bool = False  # takes the mail and hangs up without a word
    seconds: float = 0.0  # how long it thinks over a mail
    tls: Path | None = None  # a folder: then STARTTLS and a login are demanded, and ca.pem is put there
    password: str = "kanarie12345"
    mails: list[Mail] = field(default_factory=list)
    _talks: list[asyncio.BaseTransport] = field(default_factory=list)
    port: int = 0

    def url(self, *recipients: str, sender: str = "monitor@krant.example") -> str:
        """The apprise address of this server."""
        to = quote(",".join(recipients or ("desk@krant.example",)))
        return f"mailto://127.0.0.1:{self.port}?from={quote(sender)}&to={to}&mode=insecure"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.refusing_to.get(address, self.refusing)
        if not answer:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        await asyncio.sleep(self.seconds)
        if self.after_data:
            return self.after_data
        raw = envelope.original_content
        assert raw is not None
        self.mails += [Mail(str(envelope.mail_from), recipient, raw) for recipient in envelope.rcpt_tos]
        if self.dropping:
            assert server.transport is not None
            server.transport.abort()
        return "250 OK queued as 1"

    async def _serve(self, until: asyncio.Event, ready: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        how = self._secured(self.tls) if self.tls else {}
        server = await loop.create_server(
            lambda: _Talk(self, hostname="postbox.example", loop=loop, **how), "127.0.0.1", self.port
        )
        self.port = server.sockets[0].getsockname()[1]
        ready()
        await until.wait()
        server.close()
        for transport in self._talks:
            _cut(transport)
        await asyncio.sleep(0.01)  # the connections that were cut say goodbye in their own turn

    def _secured(self, folder: Path) -> dict[str, Any]:
        def known(server: SMTP, session: Session, envelope: Envelope, mechanism: str, login: Any) -> AuthResult:
            return AuthResult(success=login.password == self.password.encode(), handled=False)

        return {
            "tls_context": certified(folder, "localhost"),
            "require_starttls": True,
            "auth_required": True,
            "authenticator": known,
        }

    @contextmanager
    def open(self) -> Iterator["Postbox"]:
        """Answer until the block ends. A box that is opened again has the same port."""
        with _in_thread(self._serve):
            yield self


class _Talk(SMTP):
    """A conversation whose connections are remembered, the plain one and the one inside TLS."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.event_handler._talks.append(transport)
        super().connection_made(transport)


# --- Slack -----------------------------------------------------------------------------------------------------------


# Services whose addresses cannot be chosen: a test may send their names to this endpoint.
HOSTS = ("hooks.slack.com", "slack.com", "discord.com", "api.telegram.org")


@dataclass
class Slack:
    """A real HTTPS endpoint with an incoming webhook's answers. `mode` says how it behaves."""

    folder: Path
    mode: str = "ok"  # ok, 429, 500, 403, hang, drip, 302, endless, drop
    retry_after: str = "3600"
    received: list[dict[str, Any]] = field(default_factory=list)  # what was accepted
    requests: list[tuple[str, bytes]] = field(default_factory=list)  # path and body of all that came
    complaints: list[str] = field(default_factory=list)
    deleted: set[str] = field(default_factory=set)  # messages of a bot that a person has taken away
    _talks: list[asyncio.BaseTransport] = field(default_factory=list)
    port: int = 0
    path: str = "/services/T00000000/B00000000/verygeheimtoken"

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}{self.path}"

    @property
    def ca(self) -> Path:
        """What REQUESTS_CA_BUNDLE must name for this endpoint to be believed."""
        return self.folder / "ca.pem"

    async def _hook(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.requests.append((request.path, body))
        if self.mode == "hang":
            await asyncio.sleep(600)
        if self.mode == "drop":
            assert request.transport is not None
            request.transport.abort()
        if self.mode in {"endless", "drip"}:
            return await self._endless(request)
        if self.mode == "302":
            raise web.HTTPFound("/elsewhere")
        if self.mode == "429":
            return web.Response(status=429, text="rate_limited", headers={"Retry-After": self.retry_after})
        if self.mode == "500":
            return web.Response(status=500, text="rollup_error")
        if self.mode == "403":
            return web.Response(status=403, text="invalid_token")
        return self._judged(body) if request.path.startswith("/services/") else web.Response(text="ok")

    def _judged(self, body: bytes, *, bot: bool = False) -> web.Response:
        try:
            payload = json.loads(body)
        except ValueError:
            return web.Response(status=400, text="invalid_payload")
        wrong = list(complaints_about(payload, {"channel", "thread_ts"} if bot else {"channel"}))
        self.complaints += wrong
        if wrong:
            return web.Response(status=400, text="invalid_blocks")
        self.received.append(payload)
        return web.Response(text="ok")

    async def _bot(self, request: web.Request) -> web.StreamResponse:
        """Slack's API: it answers 200 also when it refuses."""
        body = await request.read()
        self.requests.append((request.path, body))
        if self.mode != "ok":
            return web.json_response({"ok": False, "error": self.mode}, headers={"Retry-After": self.retry_after})
        thread = json.loads(body).get("thread_ts")
        if thread and (thread in self.deleted or not any(one.get("ts") == thread for one in self.received)):
            return web.json_response({"ok": False, "error": "thread_not_found"})
        answer = self._judged(body, bot=True)
        if answer.status != 200:
            return web.json_response({"ok": False, "error": answer.text})
        name = self.received[-1]["ts"] = f"1700000000.{len(self.requests):06}"
        return web.json_response({"ok": True, "channel": "C024BE91L", "ts": name})

    async def _endless(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        while True:
            await answer.write(b"o" if self.mode == "drip" else b"ok " * 20_000)
            await asyncio.sleep(0.05 if self.mode == "drip" else 0)

    async def _elsewhere(self, request: web.Request) -> web.Response:
        self.requests.append((request.path, b""))
        return web.Response(text="ok")

    @web.middleware
    async def _remembered(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if request.transport is not None:
            self._talks.append(request.transport)
        return await handler(request)  # type: ignore[no-any-return]

    async def _serve(self, until: asyncio.Event, ready: Callable[[], None]) -> None:
        app = web.Application(client_max_size=50 * 1024 * 1024, middlewares=[self._remembered])
        app.router.add_post("/services/{rest:.*}", self._hook)
        app.router.add_post("/api/chat.postMessage", self._bot)
        app.router.add_post("/{rest:.*}", self._hook)
        app.router.add_route("*", "/elsewhere", self._elsewhere)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(
            runner, "127.0.0.1", self.port, ssl_context=certified(self.folder, "localhost", "127.0.0.1", *HOSTS)
        )
        await site.start()
        self.port = runner.addresses[0][1]
        ready()
        await until.wait()
        for talk in self._talks:  # a client that hung up without a TLS goodbye is waited for otherwise
            _cut(talk)
        await runner.cleanup()
        await asyncio.sleep(0.02)  # the connections that were cut say goodbye in their own turn

    @contextmanager
    def open(self) -> Iterator["Slack"]:
        with _in_thread(self._serve):
            yield self


def complaints_about(payload: Any, more: AbstractSet[str] = frozenset({"channel"})) -> Iterable[str]:
    """Say what Slack would refuse in a payload (its block reference, November 2026); `more` is what else it may name."""
    if not isinstance(payload, dict):
        yield "not an object"
        return
    yield from (f"unknown {key}" for key in payload.keys() - {"text", "blocks", "unfurl_links", "unfurl_media"} - more)
    text, blocks = payload.get("text", ""), payload.get("blocks", [])
    if not isinstance(text, str) or not (text or blocks) or len(text) > 40_000:
        yield "no text, or too long"
    if not isinstance(blocks, list) or len(blocks) > 50:
        yield "too many blocks"
        return
    if len(json.dumps(blocks, ensure_ascii=False)) > 13_200:
        yield "msg_blocks_too_long"
    for block in blocks:
        yield from _about_block(block)


def _about_block(block: dict[str, Any]) -> Iterable[str]:
    kind = block.get("type")
    if kind == "header":
        yield from _keys(block, "type", "text")
        yield from _about_text(block.get("text"), {"plain_text"}, 150)
    elif kind == "context":
        yield from _keys(block, "type", "elements")
        if not 1 <= len(block.get("elements", [])) <= 10:
            yield "context: 1 to 10 elements"
        for element in block["elements"]:
            yield from _about_text(element, {"plain_text", "mrkdwn"}, 3_000)
    elif kind == "section":
        yield from _keys(block, "type", "text", "fields", "accessory")
        yield from _about_text(block.get("text"), {"plain_text", "mrkdwn"}, 3_000)
    elif kind == "rich_text":
        yield from _keys(block, "type", "elements")
        if not block.get("elements"):
            yield "rich_text: no elements"
        for element in block["elements"]:
            yield from _about_rich(element)
    elif kind != "divider":
        yield f"unknown block {kind}"


def _about_rich(element: dict[str, Any]) -> Iterable[str]:
    kind = element.get("type")
    if not element.get("elements"):
        yield f"{kind}: no elements"
    if kind == "rich_text_list":
        yield from _keys(element, "type", "style", "elements", "indent")
        for row in element["elements"]:
            yield from _about_rich(row)
    elif kind in {"rich_text_section", "rich_text_quote", "rich_text_preformatted"}:
        yield from _keys(element, "type", "elements")
        for one in element["elements"]:
            yield from _about_run(one)
    else:
        yield f"unknown element {kind}"


def _about_run(one: dict[str, Any]) -> Iterable[str]:
    if one.get("type") not in {"text", "link", "user", "usergroup", "broadcast", "channel", "emoji"}:
        yield f"unknown run {one.get('type')}"
    if one.get("type") in {"text", "link"} and not (isinstance(one.get("text"), str) and one["text"]):
        yield "empty text"
    if one.get("type") == "link" and not re.fullmatch(r"https?://[\x21-\x7e]{1,2990}", one.get("url", "")):
        yield f"invalid url {one.get('url')!r:.50}"
    yield from _keys(one, "type", "text", "url", "style")


def _about_text(text: Any, kinds: set[str], most: int) -> Iterable[str]:
    if not isinstance(text, dict) or text.get("type") not in kinds:
        yield "not a text object"
        return
    yield from _keys(text, "type", "text", "emoji", "verbatim")
    if not isinstance(text.get("text"), str) or not 1 <= len(text["text"]) <= most:
        yield f"text of 1 to {most} characters"


def _keys(thing: dict[str, Any], *known: str) -> Iterable[str]:
    yield from (f"{thing.get('type')}: unknown {key}" for key in thing.keys() - set(known))


def rings(payload: dict[str, Any]) -> list[str]:
    """Return what Slack would ring or link of itself: mentions, `<…>` in parsed text, and links nobody announced."""
    parsed = [payload.get("text", "")]
    found: list[str] = []

    def walk(thing: Any) -> None:
        if isinstance(thing, dict):
            if thing.get("type") == "mrkdwn":
                parsed.append(thing["text"])
            if thing.get("type") in {"user", "usergroup", "broadcast", "channel"}:
                found.append(str(thing))
            for inner in thing.values():
                walk(inner)
        elif isinstance(thing, list):
            for inner in thing:
                walk(inner)

    walk(payload.get("blocks", []))
    return found + [mention for text in parsed for mention in re.findall(r"<[^>]*>", text)]


@dataclass
class Dripping:
    """An endpoint whose answer never gets beyond its first header."""

    requests: int = 0
    _talks: list[asyncio.StreamWriter] = field(default_factory=list)
    port: int = 0

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.requests += 1
        self._talks.append(writer)
        writer.write(b"HTTP/1.1 200 OK\r\nX-Patience: ")
        try:
            while True:
                writer.write(b"z")
                await writer.drain()
                await asyncio.sleep(0.02)
        except OSError:
            writer.close()

    async def _serve(self, until: asyncio.Event, ready: Callable[[], None]) -> None:
        server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        ready()
        await until.wait()
        server.close()
        for talk in self._talks:
            _cut(talk.transport)
        await asyncio.sleep(0.05)

    @contextmanager
    def open(self) -> Iterator["Dripping"]:
        with _in_thread(self._serve):
            yield self


def certified(folder: Path, *names: str) -> ssl.SSLContext:
    """A server's certificate for these names, from an authority of its own that is put into `ca.pem`."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(*names).configure_cert(context)
    return context


# --- a loop of their own ---------------------------------------------------------------------------------------------


@contextmanager
def _in_thread(serve: Callable[[asyncio.Event, Callable[[], None]], Any]) -> Iterator[None]:
    ready: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def main() -> None:
        until = asyncio.Event()
        await serve(until, lambda: ready.set_result((asyncio.get_running_loop(), until)))

    def run() -> None:
        try:
            asyncio.run(main())
        except BaseException as error:
            if ready.done():
                raise
            ready.set_exception(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    loop, until = ready.result(10)
    try:
        yield
    finally:
        loop.call_soon_threadsafe(until.set)
        thread.join(10)
