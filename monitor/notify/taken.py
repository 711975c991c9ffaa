"""Which recipients of a message have it already: one that refuses must not make the others read it twice."""

from __future__ import annotations

from collections import OrderedDict

# Messages remembered: a refused one comes back within minutes, long before so many others went out.
MOST = 2_000


class Taken:
    """Remembers, for as long as the program runs, who took which message."""

    def __init__(self) -> None:
        self._by_message: OrderedDict[str, set[str]] = OrderedDict()

    def by(self, message_id: str) -> frozenset[str]:
        """Return the recipients that took this message."""
        return frozenset(self._by_message.get(message_id, ()))

    def add(self, message_id: str, recipient: str) -> None:
        if message_id:
            self._by_message.setdefault(message_id, set()).add(recipient)
            if len(self._by_message) > MOST:
                self._by_message.popitem(last=False)

    def done(self, message_id: str) -> None:
        """Forget a message that all of them took."""
        self._by_message.pop(message_id, None)
