"""`monitor match` on a stream: many documents together when they are at hand, each at once when they are not."""

from collections.abc import Iterator
from threading import Event

import pytest

from monitor.archives import Document
from monitor.cli.rules import TOGETHER, _at_hand


def document(number: int) -> Document:
    return Document(name=str(number), fault="none")


def test_nobody_waits_for_the_next_document() -> None:
    """Who pipes a live feed through wants to see an article when it comes, not when sixty-three more have come."""
    seen = Event()

    def slow() -> Iterator[Document]:
        yield document(0)
        assert seen.wait(timeout=30)
        yield document(1)

    some = _at_hand(slow())
    assert [one.name for one in next(some)] == ["0"]
    seen.set()
    assert [one.name for batch in some for one in batch] == ["1"]


def test_all_documents_come_in_their_order_and_not_too_many_at_once() -> None:
    """A file of a million articles must not be read into memory, and none of them may be lost between batches."""
    batches = list(_at_hand(map(document, range(1000))))
    assert [int(one.name) for batch in batches for one in batch] == list(range(1000))
    assert max(map(len, batches)) <= TOGETHER


def test_what_goes_wrong_while_reading_is_told() -> None:
    """A stream that breaks must not look like one that ended; what came before it is judged."""

    def broken() -> Iterator[Document]:
        yield document(0)
        raise OSError("gone")

    some = _at_hand(broken())
    assert [one.name for one in next(some)] == ["0"]
    with pytest.raises(OSError, match="gone"):
        next(some)
