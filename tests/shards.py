"""Shards that do harm where they are looked at, for the tests of those who look. Imported by the processes, too."""

import os
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from monitor.archives import Document, Piece, Shard, Volume
from monitor.extract import from_text
from monitor.model import Page, key_of


def text(name: str, said: str) -> Document:
    """A text that is ready to be matched."""
    article = from_text(said, key=key_of("article", name), title=name)
    return Document(name=name, article=article)


def killing_once(flag: Path, name: str, said: str) -> Document:
    """A text; the first process that looks is killed, as by accident."""
    if not flag.exists():
        flag.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return text(name, said)


def killing(home: int, name: str, said: str) -> Document:
    """A text that kills whoever looks, but for the process that this is all about."""
    if os.getpid() != home:
        os.kill(os.getpid(), signal.SIGKILL)
    return text(name, said)


class Deadly(bytes):
    """The bytes of a page that kills whoever takes it apart, but for the process that this is all about."""

    home = 0

    def __getitem__(self, at: object) -> bytes:
        if os.getpid() != self.home:
            os.kill(os.getpid(), signal.SIGKILL)
        return bytes(self)

    def __reduce__(self) -> tuple[object, ...]:
        return _deadly, (self.home, bytes(self))


def _deadly(home: int, said: bytes) -> Deadly:
    made = Deadly(said)
    made.home = home
    return made


def page(name: str, said: bytes, home: int = 0) -> Document:
    """A page; one with a home is deadly elsewhere."""
    body = _deadly(home, said) if home else said
    return Document(name=name, page=Page(url="", asked="", body=body))


def opened(*pieces: Piece) -> Iterator[Piece]:
    return iter(pieces)


def volume(*shards: tuple[Piece, ...]) -> Volume:
    """A volume of these shards."""
    return Volume("volume", [Shard(f"shard {n}", partial(opened, *some)) for n, some in enumerate(shards)])
