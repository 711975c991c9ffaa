"""The console's door: prints with colours on a terminal, and plainly into a pipe."""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from monitor.model import Channel, Message
from monitor.notify.attempt import Attempt, Refused

STYLES = {
    "title": "bold",
    "title evidence": "bold black on yellow",
    "evidence": "bold black on yellow",
    "source": "dim",
    "rule": "red",
    "notice": "blue",
    "tag": "yellow",
    "also": "bold cyan",
    "link": "underline blue",
    "hint": "dim",
    "command": "dim italic",
}


def send(channel: Channel, message: Message, attempt: Attempt) -> str:  # noqa: ARG001  (a door is a door)
    """Print a message. Raises Refused when nobody can read it."""
    try:
        console = Console(highlight=False)
        if console.is_terminal:
            for line in lines(message):
                console.print(line)
        else:
            console.print(Text(message.text), end="", soft_wrap=True)
        console.file.flush()
    except (OSError, ValueError) as error:  # a closed pipe, a closed file
        raise Refused(f"the console cannot be written to: {error}") from error
    return "printed"


def lines(message: Message) -> list[Padding]:
    """Return a message's lines, styled, each of which goes on under its own beginning."""
    return [_hanging(line) for line in _styled(message).split("\n", allow_blank=True)[:-1]]


def _hanging(line: Text) -> Padding:
    """A long line goes on under its own beginning, not under the margin."""
    indent = min(len(line.plain) - len(line.plain.lstrip()), 4)
    return Padding(line[indent:], (0, 0, 0, indent))


def _styled(message: Message) -> Text:
    spans = [(str(block["text"]), STYLES.get(str(block["style"]), "")) for block in message.blocks]
    return Text.assemble(*spans) if spans else Text(f"{message.title}\n{message.text}\n")
