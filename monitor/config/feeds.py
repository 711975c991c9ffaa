"""Feeds as written → feeds as meant: those of one's own, and what is asked for of the shipped catalogue."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from monitor.config import packaged
from monitor.config.faults import fault_at, shaped, text_like
from monitor.config.nodes import Node
from monitor.config.shape import CatalogueShape, FeedShape
from monitor.errors import Fault
from monitor.model import Feed
from monitor.rules.find import nearest

# By what a feed of the catalogue may be named: the first of these that knows the name decides.
_NAMES: Final[tuple[Callable[[Feed], str], ...]] = (
    lambda feed: feed.country,
    lambda feed: f"{feed.language}-{feed.country}",
    lambda feed: feed.outlet,
    lambda feed: feed.group,
    lambda feed: feed.name,
    lambda feed: feed.language,
)


class FeedReader:
    """Reads the items of `feeds:` one by one; `faults` grows as it goes."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        self.asks_catalogue = False
        self._own: dict[str, Feed] = {}  # by key
        self._listed: dict[str, Feed] = {}
        self._off: set[str] = set()

    def read(self, node: Node, where: str) -> None:
        """Read one item: a feed, or what is asked for of the catalogue."""
        if node.child("catalogue"):
            self.asks_catalogue = True
            shape = shaped(CatalogueShape, node, where, self.faults)
            self._listed |= {feed.key: feed for feed in self._chosen(shape, node, where)} if shape else {}
        elif own := shaped(FeedShape, node, where, self.faults):
            self._add(own, node, where)

    def feeds(self) -> tuple[Feed, ...]:
        """Return the feeds that are polled. What is said of one's own feed takes the place of what the catalogue says."""
        return tuple(feed for feed in {**self._listed, **self._own}.values() if feed.key not in self._off)

    # --- one's own

    def _add(self, shape: FeedShape, node: Node, where: str) -> None:
        if bool(shape.url) == bool(shape.sitemap):
            said = "'url' and 'sitemap' both" if shape.url else "neither 'url' nor 'sitemap'"
            self.faults.append(fault_at(node, f"a feed has one address; here stands {said}", where))
            return
        feed = packaged.feed_of(shape)
        self._warn_of_twins(feed, node, where)
        self._own[feed.key] = feed
        if not shape.enabled:
            self._off.add(feed.key)

    def _warn_of_twins(self, feed: Feed, node: Node, where: str) -> None:
        if feed.key in self._own:
            text = f"the same address as feed '{self._own[feed.key].name}'"
            self.faults.append(fault_at(node.at("url"), text, where, warning=True))
        others = (other.name.casefold() for other in self._own.values() if other.key != feed.key)
        if feed.name.casefold() in others:
            self.faults.append(fault_at(node.at("name"), f"two feeds are called '{feed.name}'", where, warning=True))

    # --- the catalogue's

    def _chosen(self, shape: CatalogueShape, node: Node, where: str) -> Iterator[Feed]:
        """Yield what the catalogue has of what is asked for. Thin evidence is left out unless named itself."""
        wanted = dict.fromkeys(
            feed for name in shape.catalogue for feed in self._named(name, node, f"{where}.catalogue")
        )
        left_out = {feed for name in shape.except_ for feed in self._named(name, node, f"{where}.except", warning=True)}
        return (feed for feed in wanted if feed not in left_out)

    def _named(self, name: str, node: Node, where: str, *, warning: bool = False) -> list[Feed]:
        catalogue = packaged.catalogue()
        wanted = packaged.slug(name)
        for of in _NAMES:
            found = [listed for listed in catalogue if packaged.slug(of(listed.feed)) == wanted]
            if found:
                enabled = [listed.feed for listed in found if listed.enabled]
                # What is asked for and is all of thin evidence is asked for knowingly.
                return [listed.feed for listed in found] if warning or not enabled else enabled
        known = {packaged.slug(of(listed.feed)) for of in _NAMES for listed in catalogue}
        text = f"the catalogue has no '{name}'{nearest(wanted, known)}"
        key = where.rsplit(".", 1)[1]
        self.faults.append(fault_at(text_like(node.at(key), name), text, where, warning=warning))
        return []
