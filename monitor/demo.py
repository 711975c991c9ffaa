"""`monitor demo`: the real pipeline over a few feeds and pages of our own, served on this machine. A driver."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from functools import partial
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final

import yaml

from monitor import wiring
from monitor.config import Config
from monitor.daemon import round_of
from monitor.drain import Tally
from monitor.model import Feed, Secret, key_of

NEWS: Final = "catalogue/demo/news.yaml"
LOOPBACK: Final = ip_network("127.0.0.0/8")

PAGE: Final = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><title>{title} | {outlet}</title>
<meta property="og:type" content="article"><meta property="og:site_name" content="{outlet}">
<meta property="og:description" content="{lead}"><meta name="author" content="{author}">
<meta property="article:published_time" content="{published}"></head>
<body><header><nav><a href="/">{outlet}</a></nav></header>
<main><article><h1>{title}</h1><p class="lead">{lead}</p>
{paragraphs}
</article></main><footer><p>{outlet} bestaat niet.</p></footer></body></html>"""

CONSENT: Final = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><title>Consent | {outlet}</title></head>
<body><main><h1>We value your privacy</h1>
<p>We and our partners store and access information on your device, such as cookies, and process personal data.</p>
<form action="/consent"><button>Accept all</button><button>Manage options</button></form></main></body></html>"""


@dataclass(frozen=True, slots=True)
class Outlet:
    """A newspaper of the demo: its feed, and its pages by path."""

    name: str
    language: str
    feed: str
    pages: Mapping[str, str]

    @property
    def path(self) -> str:
        """Where its feed stands."""
        return f"/{key_of('outlet', self.name)[:6]}/feed"


def outlets(now: datetime, base: str) -> tuple[Outlet, ...]:
    """Return the newspapers of the demo, their articles published in the last hours before `now`."""
    said = yaml.safe_load(files("monitor").joinpath(NEWS).read_text("utf-8"))
    return tuple(_outlet(outlet, now, base) for outlet in said["outlets"])


def _outlet(said: Mapping[str, Any], now: datetime, base: str) -> Outlet:
    items, pages = [], {}
    for number, article in enumerate(said["articles"]):
        path = f"/{key_of('outlet', said['name'])[:6]}/{number}.html"
        published = now - timedelta(minutes=17 + 11 * number)
        words = {name: escape(article[name], quote=True) for name in ("title", "lead", "author")}
        words |= {"outlet": escape(said["name"]), "language": said["language"], "published": published.isoformat()}
        words["paragraphs"] = "\n".join(f"<p>{escape(text)}</p>" for text in article["body"].strip().split("\n\n"))
        pages[path] = (CONSENT if article.get("wall") == "consent" else PAGE).format(**words)
        items.append(
            f"<item><title>{words['title']}</title><link>{base}{path}</link><guid>{base}{path}</guid>"
            f"<description>{words['lead']}</description><pubDate>{format_datetime(published)}</pubDate></item>"
        )
    head = f"<title>{escape(said['name'])}</title><link>{base}/</link><description>demo</description>"
    feed = f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>{head}{"".join(items)}</channel></rss>'
    return Outlet(said["name"], said["language"], feed, pages)


Shelf = dict[str, tuple[str, str]]  # by path: (content type, text)


@contextmanager
def served(make: Callable[[str], Mapping[str, tuple[str, str]]]) -> Iterator[str]:
    """Serve documents by path, each (content type, text), on a free port of this machine; yield the address.

    `make` gets that address, for the links in what it serves.
    """
    shelf: Shelf = {}
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, shelf)) as server:
        base = f"http://127.0.0.1:{server.server_address[1]}"
        shelf.update(make(base))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield base
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    """Answers with what stands on a shelf."""

    def __init__(self, shelf: Shelf, *request: Any) -> None:
        self._shelf = shelf
        super().__init__(*request)

    def do_GET(self) -> None:
        """Send the document at this path, or 404."""
        kind, text = self._shelf.get(self.path, ("text/plain", ""))
        body = text.encode()
        self.send_response(200 if text else 404)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: the demo's words are the alerts."""


def demo_config(shipped: Config, papers: tuple[Outlet, ...], base: str, folder: Path) -> Config:
    """Return the shipped rules over the demo's feeds, in a database of its own; what alerts, alerts on the console."""
    feeds = tuple(
        Feed(key=key_of("feed", base + paper.path), name=paper.name, url=base + paper.path, outlet=paper.name,
             language=paper.language)
        for paper in papers
    )  # fmt: skip
    settings = replace(
        shipped.settings,
        database=Secret(f"sqlite:///{folder / 'demo.db'}"),
        allow_private=(LOOPBACK,),
        pause=timedelta(0),
        ops=(),
    )
    channels = {name: replace(channel, url=None) for name, channel in shipped.channels.items()}
    return replace(shipped, settings=settings, feeds=feeds, channels=channels)


async def play(shipped: Config, say: Callable[[str], object], folder: Path) -> Tally:
    """Run the real pipeline once over the demo's feeds, its database in `folder`; `say` what stands around the alerts."""
    now = wiring.now()
    papers: list[Outlet] = []

    def shelf(base: str) -> Mapping[str, tuple[str, str]]:
        papers.extend(outlets(now, base))
        feeds = {paper.path: ("application/rss+xml; charset=utf-8", paper.feed) for paper in papers}
        pages = {path: ("text/html; charset=utf-8", page) for paper in papers for path, page in paper.pages.items()}
        return feeds | pages

    with served(shelf) as base:
        said = demo_config(shipped, tuple(papers), base, folder)
        say(f"Three newspapers that do not exist are served at {base}; the rules are those that come with monitor.\n")
        async with wiring.wired(said, tell_old=True) as pipeline:
            tally = await round_of(pipeline)
            waiting = await pipeline.store.apart(pipeline.store.deliveries_waiting)
            say(_summary(tally, waiting))
            return tally


def _summary(tally: Tally, waiting: Iterable[str]) -> str:
    """Say what became of every entry, and what is still to come."""
    read = tally.of("read")
    words = ", ".join(f"{number} {outcome}" for outcome, number in sorted(read.items()))
    later = "".join(f"\nWhat the other rule found waits for the digest of channel '{name}'." for name in waiting)
    return f"{read.total()} articles: {words}.{later}"
