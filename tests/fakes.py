"""The few fakes that all tests share: the clock, the network, the channel. Never the database, never the rules."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitor import config
from monitor.daemon import Daemon
from monitor.errors import DeliveryError, FetchError
from monitor.model import Channel, Envelope, Feed, Message, Outcome, Page, Receipt, Settings, key_of
from monitor.notify import UNNAMED
from monitor.notify.attempt import Took, forgotten
from monitor.pipeline import Pipeline
from monitor.rules.compile import compile_rules
from monitor.store import Store

RULES = """
version: 1
settings: {ops: [desk]}
channels: {desk: {}, slack: {}}
feeds: []
lists:
  use: [kremlin, secret-talks]
rules:
  - id: talks
    name: Geheime gesprekken
    find: $covert + $contact + $kremlin
    ignore: $mask
    send: [slack]
"""


class Clock:
    """A clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass
class Web:
    """The network: pages by address, or the error that asking ends in."""

    clock: Clock
    pages: dict[str, bytes | FetchError] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)

    async def feed(self, feed: Feed, *, conditional: bool = True) -> Page:
        page = self._page(feed.url)
        etag = key_of("etag", page.body.decode("latin-1"))
        if conditional and feed.state.etag == etag:
            return replace(page, body=b"", not_modified=True, etag=etag)
        return replace(page, etag=etag)

    async def page(self, url: str, *, browser: bool = False) -> Page:
        return self._page(url)

    def _page(self, url: str) -> Page:
        self.asked[url] += 1
        found = self.pages.get(url, FetchError(url, "not found", retry=False, status=404))
        if isinstance(found, FetchError):
            raise found
        return Page(url=url, asked=url, body=found, fetched=self.clock())


@dataclass
class Post:
    """The channels: what was sent, and why nothing more is taken."""

    sent: list[tuple[str, Message]] = field(default_factory=list)
    envelopes: list[tuple[str, Envelope]] = field(default_factory=list)  # also of what was refused
    refusing: dict[str, DeliveryError] = field(default_factory=dict)

    async def send(
        self, channel: Channel, message: Message, envelope: Envelope = UNNAMED, *, took: Took = forgotten
    ) -> Receipt:
        self.envelopes.append((channel.name, envelope))
        if channel.name in self.refusing:
            raise self.refusing[channel.name]
        self.sent.append((channel.name, message))
        return Receipt("ok")

    def to(self, channel: str) -> list[Message]:
        return [message for name, message in self.sent if name == channel]

    def envelopes_to(self, channel: str) -> list[Envelope]:
        return [envelope for name, envelope in self.envelopes if name == channel]


class Inline:
    """A sandbox without walls: what the tests parse is their own."""

    async def run(self, function: Callable[..., object], *args: object, deadline: timedelta | None = None) -> object:
        return function(*args)


@dataclass
class Scene:
    """A pipeline on a real database, with the three fakes around it."""

    clock: Clock
    web: Web
    post: Post
    pipeline: Pipeline
    address: str

    @property
    def store(self) -> Store:
        return self.pipeline.store

    def subscribe(self, *names: str) -> None:
        """Begin to watch these papers: each is a feed at https://NAME.example/rss."""
        feeds = tuple(paper_feed(name) for name in names)
        self.store.sync_feeds(feeds, self.clock(), lambda _: timedelta(0))

    def publish(self, name: str, *articles: tuple[str, str, str]) -> None:
        """Let a paper list these articles (path, title, text), each with its page."""
        base = f"https://{name}.example"
        items = "".join(
            f"<item><title>{title}</title><link>{base}/{path}</link><description>{text.splitlines()[0]}</description></item>"
            for path, title, text in articles
        )
        self.web.pages[f"{base}/rss"] = (
            f"<rss version='2.0'><channel><title>{name}</title>{items}</channel></rss>".encode()
        )
        for path, title, text in articles:
            self.web.pages.setdefault(f"{base}/{path}", page(title, text))

    async def flow(self) -> Counter[Outcome]:
        """Do all that is due now: poll, read, deliver; return the outcomes."""
        daemon = Daemon(self.pipeline, load=lambda _: self.pipeline.config)
        await daemon.poll()
        await daemon.read()
        await daemon.deliver()
        for task in daemon.sending.values():
            await task
        return Counter(outcome for (_, outcome), n in daemon.tally.counts.items() for _ in range(n))

    def with_rules(self, text: str, folder: Path) -> None:
        """Put another rules.yaml in force."""
        made = settled(text, folder)
        self.pipeline = replace(self.pipeline, config=made, ruleset=compile_rules(made.book))


def settled(text: str, folder: Path, environ: Mapping[str, str] | None = None) -> config.Config:
    path = folder / "rules.yaml"
    path.write_text(text, encoding="utf-8")
    made = config.load(path, environ or {})
    settings: Settings = replace(made.settings, pause=timedelta(0))
    return replace(made, settings=settings)


def paper_feed(name: str) -> Feed:
    url = f"https://{name}.example/rss"
    return Feed(key=key_of("feed", url), name=name, url=url, outlet=name.title(), language="nl")


def page(title: str, text: str) -> bytes:
    paragraphs = "".join(f"<p>{part}</p>" for part in text.split("\n"))
    head = f"<title>{title}</title><meta property='og:type' content='article'>"
    return (
        f"<!doctype html><html lang='nl'><head><meta charset='utf-8'>{head}</head>"
        f"<body><main><article><h1>{title}</h1>{paragraphs}</article></main></body></html>"
    ).encode()


def stage(folder: Path) -> Scene:
    """Return a scene on a new database in this folder."""
    clock = Clock()
    web, post = Web(clock), Post()
    address = f"sqlite:///{folder / 'monitor.db'}"
    store = Store.open(address)
    store.upgrade()
    made = settled(RULES, folder)
    pipeline = Pipeline(
        config=made,
        ruleset=compile_rules(made.book),
        store=store,
        fetcher=web,  # type: ignore[arg-type]
        sandbox=Inline(),  # type: ignore[arg-type]
        notifier=post,  # type: ignore[arg-type]
        clock=clock,
        chance=lambda: 0.5,
    )
    return Scene(clock, web, post, pipeline, address)
