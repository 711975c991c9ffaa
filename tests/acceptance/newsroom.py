"""A newsroom for the acceptance tests: papers on a real HTTP server, a mail server, a Slack endpoint, and the program
itself as a subprocess that may be killed at any moment."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.postbox import Postbox, Slack

PROGRAM = [sys.executable, "-m", "monitor"]

RULES = """
version: 1
settings:
  database: sqlite:///monitor.db
  contact: redactie@krant.example
  poll: {{every: 1s, fastest: 1s, slowest: 2s}}
  network: {{allow_private: [127.0.0.0/8], pause: 0s}}
feeds:
{feeds}
channels:
  desk: {{url: "{mail}"}}
  slack: {{url: "{slack}"}}
lists:
  use: [kremlin, secret-talks]
rules:
  - id: secret-talks-kremlin
    name: Geheime gesprekken met het Kremlin
    find: |
      $covert + $contact + $kremlin
      $strong + $kremlin
      $feelers + $kremlin
    ignore: $mask
    send: [desk, slack]
"""

PAGE = """<!doctype html><html lang="nl"><head><meta charset="utf-8"><title>{title}</title>
<meta property="og:type" content="article"><meta property="og:description" content="{lead}"></head>
<body><nav><a href="/">Voorpagina</a></nav><main><article><h1>{title}</h1>{paragraphs}</article></main></body></html>"""


@dataclass
class Paper:
    """A feed and its pages. `listed` may grow while the program runs; `shown` is how many items a poll sees."""

    name: str
    items: list[tuple[str, str, str]] = field(default_factory=list)  # path, title, summary
    pages: dict[str, bytes] = field(default_factory=dict)
    shown: int | None = None

    def add(self, path: str, title: str, summary: str, body: bytes) -> None:
        self.items.append((path, title, summary))
        self.pages[path] = body

    def write(self, number: int, title: str, text: str) -> str:
        """Add an article of our own words; return its path."""
        path = f"/{self.name}/{number}.html"
        lead, *rest = text.split("\n\n")
        paragraphs = "".join(f"<p>{escape(part)}</p>" for part in (lead, *rest))
        page = PAGE.format(title=escape(title), lead=escape(lead), paragraphs=paragraphs)
        self.add(path, title, lead, page.encode())
        return path

    def document(self, base: str) -> bytes:
        items = "".join(
            f"<item><title>{escape(title)}</title><link>{base}{path}</link><guid>{base}{path}</guid>"
            f"<description>{escape(summary)}</description></item>"
            for path, title, summary in reversed(self.items[: self.shown])
        )
        return f'<?xml version="1.0"?><rss version="2.0"><channel><title>{self.name}</title>{items}</channel></rss>'.encode()


class Site:
    """A real HTTP server with ETags, for all papers; it counts what was asked."""

    def __init__(self, papers: list[Paper]) -> None:
        self.papers = {f"/{paper.name}.xml": paper for paper in papers}
        self.asked: Counter[str] = Counter()
        self.answered: Counter[int] = Counter()
        self.base = ""

    def answer(self, path: str) -> tuple[str, bytes] | None:
        if path in self.papers:
            return "application/rss+xml", self.papers[path].document(self.base)
        for paper in self.papers.values():
            if path in paper.pages:
                return "text/html", paper.pages[path]
        return None

    @contextmanager
    def open(self) -> Iterator["Site"]:
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                site.asked[self.path] += 1
                found = site.answer(self.path)
                kind, body = found or ("text/plain", b"")
                etag = f'"{blake2b(body, digest_size=8).hexdigest()}"'
                status = 404 if found is None else 304 if self.headers.get("If-None-Match") == etag else 200
                site.answered[status] += 1
                self.send_response(status)
                self.send_header("ETag", etag)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(0 if status == 304 else len(body)))
                self.end_headers()
                if status != 304:
                    self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            server.daemon_threads = True
            self.base = f"http://127.0.0.1:{server.server_address[1]}"
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
            thread.start()
            try:
                yield self
            finally:
                server.shutdown()
                thread.join()


@dataclass
class Newsroom:
    """Everything around one program."""

    folder: Path
    site: Site
    postbox: Postbox
    slack: Slack

    @classmethod
    @contextmanager
    def open(cls, folder: Path, papers: list[Paper]) -> Iterator["Newsroom"]:
        folder.mkdir(parents=True, exist_ok=True)
        with Site(papers).open() as site, Postbox().open() as postbox, Slack(folder).open() as slack:
            feeds = "\n".join(
                f'  - {{name: {paper.name}, url: "{site.base}/{paper.name}.xml", language: nl}}' for paper in papers
            )
            rules = RULES.format(feeds=feeds, mail=postbox.url("desk@krant.example"), slack=slack.url)
            (folder / "rules.yaml").write_text(rules, encoding="utf-8")
            room = cls(folder, site, postbox, slack)
            try:
                yield room
            finally:
                room.slack.mode = "ok"

    def start(self, *words: str, before: tuple[str, ...] = ()) -> subprocess.Popen[bytes]:
        """Start `monitor …` in the newsroom's folder; its words go to a file there."""
        environment = os.environ | {
            "REQUESTS_CA_BUNDLE": str(self.slack.ca),
            "PYTHONWARNINGS": "error::ResourceWarning",
        }
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [*before, *PROGRAM, *words],
                cwd=self.folder,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def run(self, *words: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """Run `monitor …` to its end."""
        environment = os.environ | {"REQUESTS_CA_BUNDLE": str(self.slack.ca)}
        return subprocess.run(
            [*PROGRAM, *words], cwd=self.folder, env=environment, capture_output=True, text=True, timeout=timeout,
            check=False,
        )  # fmt: skip

    # --- what arrived ---

    def mailed(self) -> Counter[str]:
        """How often each article's path arrived by mail."""
        return Counter(path for mail in self.postbox.mails for path in self._paths(mail.part("plain")))

    def mail_names(self) -> dict[str, set[str]]:
        """Under which Message-IDs each article's path arrived by mail: one, or mail programs show it twice."""
        names: defaultdict[str, set[str]] = defaultdict(set)
        for mail in self.postbox.mails:
            for path in self._paths(mail.part("plain")):
                names[path].add(mail.parsed["Message-ID"])
        return names

    def slacked(self) -> Counter[str]:
        """How often each article's path arrived in Slack."""
        return Counter(path for said in self.slack.received for path in self._paths(json.dumps(said.get("blocks"))))

    def _paths(self, text: str) -> set[str]:
        return set(re.findall(re.escape(self.site.base) + r"(/[\w./-]+\.html)", text))

    def end_pauses(self) -> None:
        """Let the minutes be over for which refused deliveries wait."""
        with closing(sqlite3.connect(self.folder / "monitor.db")) as database, database:
            database.execute("UPDATE deliveries SET due = created WHERE due IS NOT NULL")

    def hits(self) -> list[dict[str, object]]:
        """The hits on record, as `monitor hits list --json` tells them."""
        said = self.run("hits", "list", "--json", "--limit", "10000")
        assert said.returncode == 0, said.stderr
        return [json.loads(line) for line in said.stdout.splitlines()]

    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a program and every process it started, at once."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=20)


def until(true: Callable[[], object], seconds: float, process: subprocess.Popen[bytes] | None = None) -> bool:
    """Wait until something holds, or the program ended; say whether it does."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        if process is not None and process.poll() is not None:
            return bool(true())
        time.sleep(0.05)
    return bool(true())


# --- words of our own ---

ENVOYS = ("Oesjakov", "Lavrov", "Peskov", "Dmitriev", "Patroesjev", "Narysjkin", "Poetin", "Sjojgoe")
TOWNS = ("Wenen", "Genève", "Istanbul", "Doha", "Rome", "Helsinki", "Ankara", "Riyad", "Zürich", "Malta", "Praag")
THINGS = (
    "graan",
    "gas",
    "kernwapens",
    "krijgsgevangenen",
    "de Krim",
    "tegoeden",
    "een bestand",
    "kabels",
    "satellieten",
)


def secret_story(number: int) -> tuple[str, str]:
    """A story that the rule hits; every number makes one of another place, person and matter."""
    envoy = ENVOYS[number % len(ENVOYS)]
    town, thing = TOWNS[number % len(TOWNS)], THINGS[number % len(THINGS)]
    title = f"Gezant {number} zag {envoy} in {town}"
    text = (
        f"Een gezant met dossier {number * 7919} heeft in {town} in het geheim gesprekken gevoerd met {envoy} over {thing}.\n\n"
        f"Het was de {number + 2}e keer dat zij elkaar zagen, zegt een betrokkene uit {town}. De delegatie telde {number + 3} man."
    )
    return title, text


def dull_story(number: int) -> tuple[str, str]:
    """A story that the rule does not hit."""
    town = TOWNS[number % len(TOWNS)]
    return (
        f"Nieuwe brug {number} in {town} is klaar",
        f"De brug over de rivier in {town} kost {number + 4} miljoen en gaat in het voorjaar open.\n\n"
        f"De geheime dienst had er niets mee te maken, grapt de wethouder. Er kwamen {number * 13 + 40} mensen kijken.",
    )
