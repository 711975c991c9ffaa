"""A soak of the outbox: thousands of hits, five channels that fail in every way, and a program that is killed.

A *life* is a process that records hits and delivers them, with the pipeline, the daemon's delivering and the doors of
the program itself; only the papers are missing, and its clock runs fast, so that minutes of back-off pass in seconds.
Each is ended by `kill -9` somewhere in its share of the work. The servers are real ones and write down what they took, whether their
answer got through, and what was over a limit.

    soak(folder, hits=10_000, kills=200) → Account
"""

import asyncio
import json
import multiprocessing
import os
import random
import re
import sqlite3
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import apprise
from aiohttp import web
from aiosmtpd.smtp import SMTP, Envelope, Session

from monitor import config, housekeeping, wiring
from monitor.daemon import Daemon
from monitor.model import Article, Entry, Outcome, Verdict, key_of
from monitor.notify import Notifier
from monitor.pipeline import Pipeline
from monitor.rules.compile import compile_rules
from monitor.store import Record, Store
from tests.acceptance.newsroom import secret_story
from tests.postbox import Mail, Postbox, Slack, complaints_about

BORN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
# So many seconds of the lives' clock pass in one of ours: the first retry comes after half a second to a second.
SPEED = 60
# A send is given up after this many of our seconds. Long for a loaded machine, short beside a lease of the fast clock.
DEADLINE = timedelta(seconds=6)
RULES = """
version: 1
settings: {{database: "sqlite:///{folder}/soak.db", ops: []}}
feeds: []
channels:
  desk: {{url: "{mail}"}}
  slack: {{url: "{slack}", at_most: 200/h}}
  hook: {{url: "jsons://localhost:{port}/hook"}}
  topic: {{url: "ntfys://localhost:{port}/topic"}}
  chat: {{url: "mmosts://localhost:{port}/chattoken", digest: hourly}}
rules:
  - id: talks
    name: Geheime gesprekken
    find: "*geheim* + gesprek*"
    send: [desk, slack, hook, topic, chat]
"""
CHANNELS = ("desk", "slack", "hook", "topic", "chat")
NUMBER = re.compile(r"/n/(\d{6})\.html")
# Stands in a notice that says what another channel gave up: it names hits, and tells none of them.
GIVEN_UP = "monitor deliveries list --outcome dead"
# How likely each trouble is: hang and drop take nothing, lost takes the message and hangs up without an answer.
TROUBLE = {"later": 0.06, "broken": 0.05, "never": 0.01, "hang": 0.008, "drop": 0.03, "lost": 0.02}


# --- what arrives ----------------------------------------------------------------------------------------------------


@dataclass
class Arrival:
    """A message that a server took."""

    channel: str
    numbers: frozenset[int]
    answered: bool  # False: the program cannot know that it was taken
    name: str = ""  # a mail's Message-ID
    cut: bool = False  # a kill fell between the sending and the recording


@dataclass
class Arrivals:
    """What the servers took, what trouble they made, and what was over a limit."""

    dice: random.Random
    all: list[Arrival] = field(default_factory=list)
    troubles: Counter[str] = field(default_factory=Counter)
    over: list[str] = field(default_factory=list)
    calm: bool = False

    def trouble(self) -> str:
        """Return what goes wrong with this message, "" for nothing."""
        if self.calm:
            return ""
        chosen = self.dice.choices(["", *TROUBLE], [1 - sum(TROUBLE.values()), *TROUBLE.values()])[0]
        self.troubles[chosen or "none"] += 1
        return chosen

    def take(self, channel: str, text: str, *, answered: bool, name: str = "", wrong: str = "") -> None:
        told = [] if GIVEN_UP in text else NUMBER.findall(text)
        self.all.append(Arrival(channel, frozenset(map(int, told)), answered, name))
        if wrong:
            self.over.append(f"{channel}: {wrong}")


class ShakyMail(Postbox):
    """A mail server with bad days."""

    arrivals: Arrivals

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.today = self.arrivals.trouble()
        if self.today in {"later", "never"}:
            return {"later": "451 greylisted", "never": "550 no such user"}[self.today]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert server.transport is not None
        today, raw = self.today, envelope.original_content or b""
        if today == "broken":
            return "452 out of storage"
        if today == "hang":
            await asyncio.sleep(DEADLINE.total_seconds() * 2)
        if today in {"hang", "drop"}:
            server.transport.abort()
            return "421 bye"
        mail = Mail(str(envelope.mail_from), "", raw)
        self.arrivals.take("desk", mail.part("plain"), answered=today != "lost", name=mail.parsed["Message-ID"],
                           wrong=too_long_mail(mail))  # fmt: skip
        if today == "lost":
            server.transport.abort()
        return "250 OK"


class ShakyHooks(Slack):
    """An HTTPS server with bad days: Slack's webhook and three other services."""

    arrivals: Arrivals

    async def _hook(self, request: web.Request) -> web.StreamResponse:
        body, talk = await request.read(), request.transport
        assert talk is not None
        today = self.arrivals.trouble()
        refusals = {"later": (429, "rate_limited"), "broken": (500, "oops"), "never": (403, "invalid_token")}
        if today in refusals:
            status, text = refusals[today]
            return web.Response(status=status, text=text, headers={"Retry-After": "90"} if status == 429 else {})
        if today == "hang":
            await asyncio.sleep(DEADLINE.total_seconds() * 2)
        if today in {"hang", "drop"}:
            talk.abort()
            return web.Response(text="")
        channel, text, wrong = read(request.path, json.loads(body))
        self.arrivals.take(channel, text, answered=today != "lost", wrong=wrong)
        if today == "lost":
            talk.abort()
        return web.Response(text="ok")


def read(path: str, payload: dict[str, Any]) -> tuple[str, str, str]:
    """Return the channel of a request, its text, and what is wrong with it."""
    if path.startswith("/services/"):
        return "slack", json.dumps(payload.get("blocks")), "; ".join(complaints_about(payload))
    if path.startswith("/hooks/"):
        said = payload["text"]
        return "chat", said, "" if len(said) <= 4_000 else f"{len(said)} characters"
    if path.startswith("/hook"):
        said = f"{payload['title']}\n{payload['message']}"
        return "hook", said, "" if len(said) <= 20_000 else f"{len(said)} characters"
    size = len(payload["message"].encode())
    return "topic", payload["message"], "" if size <= 4_096 else f"{size} bytes"


def too_long_mail(mail: Mail) -> str:
    """Return what of a mail is over the limits: RFC 5322's lines, Gmail's fold."""
    lines = max(map(len, mail.raw.split(b"\r\n")))
    html = len(mail.part("html").encode())
    return "; ".join(
        filter(None, (lines > 998 and f"a line of {lines}", html > 102_000 and f"{html} bytes of HTML"))  # type: ignore[misc]
    )


# --- a life ----------------------------------------------------------------------------------------------------------


def article(number: int) -> Article:
    """Return the article of a hit: every fourth tells the story of the one before it, some are hard on a channel."""
    title, text = secret_story(number - 1 if number % 4 == 3 else number)
    if number % 11 == 0:
        title = "<!channel> @everyone </b><script> " + "Тайные переговоры 🕊️ " * 60 + title
    if number % 13 == 0:
        text = "секретно" * 500 + " geheim gesprek. " + text
    url = url_of(number)
    return Article(
        key=key_of("article", url), url=url, title=title, body=text, language="nl", outlet=f"Krant {number % 7}"
    )


def url_of(number: int) -> str:
    return f"https://krant.example/n/{number:06}.html"


def hit_key(number: int) -> str:
    return key_of("hit", "talks", key_of("article", url_of(number)))


def life(folder: str, ca: str, began: float, share: int) -> None:
    """Live until killed: record the first `share` hits as far as they are not on record, and deliver."""
    os.environ["REQUESTS_CA_BUNDLE"] = ca
    apprise.NotifyBase.request_rate_per_sec /= (
        SPEED  # it pauses between two requests to a service, by a clock of its own
    )
    asyncio.run(_live(Path(folder), began, share))


async def _live(folder: Path, began: float, share: int) -> None:
    def clock() -> datetime:
        return BORN + SPEED * timedelta(seconds=time.monotonic() - began)

    made = settled(folder)
    with wiring.opened(made, lock=True) as store:
        store.reclaim()
        pipeline = Pipeline(
            config=made,
            ruleset=compile_rules(made.book),
            store=store,
            fetcher=None,  # type: ignore[arg-type]
            sandbox=None,  # type: ignore[arg-type]
            notifier=Notifier(made.channels.values(), deadline=DEADLINE),
            clock=clock,
            chance=random.random,
        )
        await housekeeping.mend_dates(pipeline)
        daemon = Daemon(pipeline, load=lambda: made)
        await asyncio.gather(_find(pipeline, share), _deliver(daemon))


def settled(folder: Path) -> config.Config:
    made = config.load(folder / "rules.yaml", {})
    # Of four days of stories at this speed, a few hundred hits are still compared.
    return replace(made, settings=replace(made.settings, story_window=timedelta(minutes=10)))


async def _find(pipeline: Pipeline, share: int) -> None:
    """Put hits on record, as reading an entry does."""
    known = await pipeline.store.apart(pipeline.store.hits_exist, [hit_key(n) for n in range(share)])
    for number in range(share):
        if hit_key(number) not in known:
            found = replace(article(number), found=pipeline.clock())
            verdict = Verdict(Outcome.READ, found, pipeline.ruleset.match(found))
            entry = Entry(key=key_of("entry", found.url), feed="", link=found.url)
            await pipeline.record(Record(entry=entry, verdict=verdict))


async def _deliver(daemon: Daemon) -> None:
    while True:
        await daemon.deliver()
        await asyncio.sleep(0.05)


# --- the whole -------------------------------------------------------------------------------------------------------


@dataclass
class Account:
    """How it went."""

    hits: int
    kills: int
    messages: Counter[str]
    troubles: Counter[str]
    lost: list[tuple[str, int]]
    repeated_after_kill: int  # hits, over all channels
    repeated_unanswered: int  # the server took it and its answer was lost
    repeated_otherwise: list[tuple[str, int]]
    mails_repeated: int
    mails_unfolded: int  # of those, under another Message-ID than the first
    over: list[str]
    cut: int  # messages that were sent and not recorded when a kill came
    recorded: int = 0  # deliveries of hits
    seconds: float = 0.0
    cpu: float = 0.0  # of the program, in seconds

    def __str__(self) -> str:
        rows = (
            ("hits x channels", f"{self.hits} x {len(CHANNELS)}, {self.kills} kills, {self.seconds:.0f} s, {self.cpu:.0f} s CPU"),
            ("messages", ", ".join(f"{name} {self.messages[name]}" for name in CHANNELS)),
            ("troubles", ", ".join(f"{name} {n}" for name, n in sorted(self.troubles.items()))),
            ("lost", len(self.lost)),
            ("told again", f"{self.repeated_after_kill} (in {self.cut} messages) after a kill between sending and recording, "
                           f"{self.repeated_unanswered} after an answer that was lost, "
                           f"{len(self.repeated_otherwise)} otherwise"),
            ("mails again", f"{self.mails_repeated}, of which {self.mails_unfolded} not under the same Message-ID"),
            ("over a limit", f"{len(self.over)} {self.over[:3] or ''}"),
        )  # fmt: skip
        return "\n".join(f"{name:16}{said}" for name, said in rows)


@dataclass
class _Run:
    folder: Path
    arrivals: Arrivals
    ca: Path
    began: float
    cpu: float = 0.0  # of the lives, in seconds

    @property
    def database(self) -> Path:
        return self.folder / "soak.db"

    def start(self, share: int) -> ForkServerProcess:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["tests.acceptance.soak_warm"])
        process = context.Process(target=life, args=(str(self.folder), str(self.ca), self.began, share), daemon=True)
        process.start()
        return process

    def end(self, process: ForkServerProcess) -> None:
        """Kill a life, and note which messages were taken and not written down."""
        self.cpu += cpu_of(process.pid or 0)
        process.kill()
        process.join()
        time.sleep(0.15)  # what it had sent is still being read
        latest = {(one.channel, number): one for one in self.arrivals.all for number in one.numbers}
        for channel, number in self.unsent():
            if (channel, number) in latest:
                latest[channel, number].cut = True

    def unsent(self) -> set[tuple[str, int]]:
        asked = (
            "SELECT deliveries.channel, articles.url FROM deliveries JOIN hits ON hits.key = deliveries.hit"
            " JOIN articles ON articles.key = hits.article WHERE deliveries.sent IS NULL"
        )
        return {(channel, int(NUMBER.findall(url)[0])) for channel, url in self._rows(asked)}

    def _rows(self, asked: str) -> list[Any]:
        with closing(sqlite3.connect(self.database, timeout=30)) as database:
            return database.execute(asked).fetchall()

    def number(self) -> int:
        return int(self._rows("SELECT count(hit) FROM deliveries")[0][0])

    def wait_for(self, hits: int, *, seconds: float) -> None:
        """Wait until so many hits are on record: a kill falls somewhere in each life's share of the work."""
        end = time.monotonic() + seconds
        while self.number() < hits * len(CHANNELS) and time.monotonic() < end:
            time.sleep(0.05)

    def operate(self) -> None:
        """Do what a person does with what was refused for good: look, and send it again."""
        keys = [row[0] for row in self._rows("SELECT key FROM deliveries WHERE outcome = 'dead'")]
        if keys:
            with Store.open(f"sqlite:///{self.database}") as store:
                store.retry_deliveries(keys, BORN + SPEED * timedelta(seconds=time.monotonic() - self.began))


def cpu_of(pid: int) -> float:
    """Return the seconds of CPU that a process has used."""
    try:
        user, system = (Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split())[11:13]
    except OSError:
        return 0.0
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def soak(
    folder: Path, *, hits: int, kills: int, seed: int = 20261121, patience: float = 600, minutes: float = 1e6
) -> Account:
    """Let hits be found and told while the program is killed, then let it end in peace. Return the account.

    `patience` is how many seconds the last life gets. After `minutes` no more is found, and no more is killed.
    """
    dice, began = random.Random(seed), time.monotonic()
    arrivals = Arrivals(random.Random(seed))
    with _servers(folder, arrivals) as ca:
        run = _Run(folder, arrivals, ca, began)
        with Store.open(f"sqlite:///{run.database}") as store:
            store.upgrade()
        for kill in range(1, kills + 1):
            if time.monotonic() - began > 60 * minutes:
                hits, kills = hits * (kill - 1) // kills, kill - 1
                break
            process = run.start(hits * kill // kills)
            run.wait_for(int(hits * (kill - dice.random()) / kills), seconds=30)
            time.sleep(dice.uniform(0.0, 1.5))
            run.end(process)
            run.operate()
        _finish(run, hits, patience)
        recorded = run.number()
    return replace(_account(arrivals, hits, kills), recorded=recorded, seconds=time.monotonic() - began, cpu=run.cpu)


def _finish(run: _Run, hits: int, patience: float) -> None:
    process, end = run.start(hits), time.monotonic() + patience
    while time.monotonic() < end:
        time.sleep(0.5)
        run.operate()
        if run.number() == hits * len(CHANNELS) and not run.unsent():
            break
    run.end(process)


@contextmanager
def _servers(folder: Path, arrivals: Arrivals) -> Iterator[Path]:
    mail, hooks = ShakyMail(), ShakyHooks(folder)
    mail.arrivals = hooks.arrivals = arrivals
    with mail.open(), hooks.open():
        rules = RULES.format(folder=folder, mail=mail.url("desk@krant.example"), slack=hooks.url, port=hooks.port)
        (folder / "rules.yaml").write_text(rules, encoding="utf-8")
        yield hooks.ca


def _account(arrivals: Arrivals, hits: int, kills: int) -> Account:
    times: defaultdict[tuple[str, int], list[Arrival]] = defaultdict(list)
    for one in arrivals.all:
        for number in one.numbers:
            times[one.channel, number].append(one)
    again = [(what, one) for what, found in times.items() for one in found[:-1]]
    first: dict[int, str] = {}  # the name of the mail that told of a hit first
    repeated, unfolded = 0, 0
    for mail in (one for one in arrivals.all if one.channel == "desk"):
        repeated += any(number in first for number in mail.numbers)
        unfolded += any(first.get(number, mail.name) != mail.name for number in mail.numbers)
        for number in mail.numbers:
            first.setdefault(number, mail.name)
    return Account(
        hits=hits,
        kills=kills,
        messages=Counter(one.channel for one in arrivals.all),
        troubles=arrivals.troubles,
        lost=[(name, n) for name in CHANNELS for n in range(hits) if (name, n) not in times],
        repeated_after_kill=sum(one.answered and one.cut for _, one in again),
        repeated_unanswered=sum(not one.answered for _, one in again),
        repeated_otherwise=[what for what, one in again if one.answered and not one.cut],
        mails_repeated=repeated,
        mails_unfolded=unfolded,
        over=arrivals.over,
        cut=sum(one.answered and one.cut for one in arrivals.all),
    )
