"""Page → reading: what comes of a page, put together from what the other modules find on it. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urljoin

from lxml.html import HtmlElement

from monitor import urls
from monitor.extract import articles, dates, head, lead, live, outcome, text, tree, weeds
from monitor.extract.head import Head
from monitor.extract.outcome import Sight
from monitor.extract.text import Block
from monitor.model import Article, Entry, Feed, Outcome, Page, Reading

_A_DAY = timedelta(days=1)
_ANCHOR = 12  # words: in a shorter line two extractors agree by chance


def read(page: Page, entry: Entry, feed: Feed | None = None) -> Reading:
    """Return the article of a page, or why it holds none. `entry` says what the feed knew of it."""
    parsed = tree.parse(page.body, page.charset)
    if parsed is None:
        return Reading(Outcome.NO_TEXT, None, "the page is empty")
    seen, when, is_live = _seen(page, parsed, entry)
    what, why = outcome.of(seen)
    if what not in (Outcome.READ, Outcome.TEASER):
        return Reading(what, None, why)
    article = replace(_article(seen, entry), published=when, complete=what is Outcome.READ, live=is_live)
    if not article.body:
        what, why = (Outcome.TEASER, "only its description was found") if article.lead else (Outcome.NO_TEXT, why)
        article = replace(article, complete=False)
    return Reading(what, articles.at_home(article, entry, feed, seen.head.language), why)


def _seen(page: Page, parsed: HtmlElement, entry: Entry) -> tuple[Sight, datetime | None, bool]:
    """Return what the page shows, when it appeared, and whether it is a live blog. The tree is bared by that."""
    said = head.read(parsed)
    url, title = _url(page, entry, said), _title(parsed, said)
    when, loads = _published(parsed, said, url, title) or entry.published, outcome.marks(parsed)
    found = _found(parsed, said)
    items = live.blocks(parsed, said, found, title)
    return Sight(page, parsed, said, loads, url, title, items or found, entry.title), when, bool(items)


def _article(seen: Sight, entry: Entry) -> Article:
    """Return the words of an article: its title, its lead where that stands apart, its text."""
    authors = head.authors(seen.head) or entry.authors
    body = _without_title(weeds.pulled(seen.blocks, authors), seen.title)
    return Article(
        key=articles.key(seen.url, entry),
        url=seen.url,
        title=urls.clean(seen.title or entry.title),
        lead=urls.clean(lead.of(seen.tree, seen.head, seen.title, body, entry.summary)),
        body=urls.clean(text.joined(body)),
        updated=head.updated(seen.head) or entry.updated,
        authors=tuple(urls.clean(name) for name in authors),
    )


def refine(page: Page, reading: Reading) -> Reading:
    """Return the reading with the better text. Dear: for an article whose first text matched a rule.

    Kept is what two extractors agree on; measured in `benchmarks/extraction.py`.
    """
    article = reading.article
    parsed = tree.parse(page.body, page.charset)
    if article is None or parsed is None or article.live:
        return reading
    said = head.read(parsed)
    found = text.blocks(tree.bared(parsed))
    agreed = _agreed(found, text.confirmed(found, parsed), said)
    body = _without_title(weeds.pulled(agreed, article.authors), article.title)
    if not body:
        return reading
    above = lead.of(parsed, said, article.title, body, article.lead)
    return replace(reading, article=replace(article, lead=urls.clean(above), body=urls.clean(text.joined(body))))


def _found(parsed: HtmlElement, said: Head) -> Sequence[Block]:
    """Return the text on the page, or the one in its JSON-LD where a script writes the page."""
    found = text.blocks(tree.bared(parsed))
    told = [Block("p", line) for line in head.body(said)]
    return told if _length(told) > 3 * _length(found) else found


def _agreed(found: Sequence[Block], confirmed: Sequence[bool], said: Head) -> Sequence[Block]:
    """Return the blocks from the first to the last prose on which both extractors agree, with a lead right above it.

    What stands between them stays: subheadings, quotes and lists are the article's too. Where they agree on next to
    nothing one of them went wrong, and the first text stays whole.
    """
    agreed = [at for at, kept in enumerate(confirmed) if kept and len(text.words(found[at].text)) >= _ANCHOR]
    if _length(found[at] for at in agreed) < max(200, 0.1 * _length(found)):
        return found
    start, end = agreed[0], agreed[-1] + 1
    told = {word for claim in head.leads(said) for word in text.words(claim)}
    start = next((at for at in range(start) if _is_prose(found[at]) or _tells(found[at], told)), start)
    while end < len(found) and confirmed[end] and found[end].kind != "head":
        end += 1
    return found[start:end]


def _tells(block: Block, told: set[str]) -> bool:
    """Return whether a block is the lead in other words: half of its words stand in the page's description."""
    own = text.words(block.text)
    return len(own) >= 8 and sum(word in told for word in own) >= len(own) / 2


def _is_prose(block: Block) -> bool:
    return len(text.words(block.text)) >= outcome.PROSE


def _length(blocks: Iterable[Block]) -> int:
    return sum(len(block.text) for block in blocks)


def _url(page: Page, entry: Entry, said: Head) -> str:
    """Return the article's address: the one that the page claims only where it stays on its site."""
    here = page.url if urls.host(page.url) else entry.link
    for claim in (said.canonical, said.meta("og:url")):
        there = _joined(here, claim) if claim else ""
        if there.startswith(("http://", "https://")) and (not here or _site(there) == _site(here)):
            return there
    return here


def _joined(here: str, claim: str) -> str:
    try:
        return urljoin(here, claim)
    except ValueError:
        return ""


def _site(url: str) -> str:
    """Return the registered part of a host's name, near enough: m.example.be and www.example.be are one site."""
    return ".".join(urls.host(url).split(".")[-2:])


def _title(parsed: HtmlElement, said: Head) -> str:
    """Return the title on which most of the page's claims agree; of equal ones JSON-LD's, then og:title, then h1."""
    claims = [title for title in _titles(parsed, said) if text.words(title)]
    if not claims:
        return ""
    votes = [text.words(title) for title in claims]
    best = max(range(len(claims)), key=lambda at: (votes.count(votes[at]), -at))
    if votes.count(votes[best]) == 1:  # some publishers cut their og:title
        best = next((at for at, vote in enumerate(votes) if vote[: len(votes[best])] == votes[best] != vote), best)
    return max((claim for claim, vote in zip(claims, votes, strict=True) if vote == votes[best]), key=len)


def _titles(parsed: HtmlElement, said: Head) -> Iterator[str]:
    claimed = [_unsigned(title, said) for title in head.titles(said) if title]
    yield from claimed[:2]
    shown = [" ".join(node.text_content().split()) for node in parsed.iter("h1")]
    yield from shown[:1] if claimed else _shown(parsed, said, shown)


def _shown(parsed: HtmlElement, said: Head, tops: Sequence[str]) -> Iterator[str]:
    """Yield the title of a page that claims none: on some the only <h1> names the paper or the menu."""
    named = text.heading(parsed, said.title)
    told = next((top for top in tops if len(text.words(top)) > 2), "")
    yield " ".join(named.text_content().split()) if named is not None else told or _unsigned(said.title, said)
    yield from tops[:1]


def _unsigned(title: str, said: Head) -> str:
    """Return a title without the outlet's name behind it."""
    for mark in (" | ", " - ", " – ", " — ", " · ", " • "):
        before, cut, after = title.rpartition(mark)
        if cut and len(before) > 15 and _is_site(after, said):
            return before.strip()
    return title


def _is_site(tail: str, said: Head) -> bool:
    site = said.meta("og:site_name").lower()
    return bool(site) and (tail.strip().lower() in site or site in tail.lower())


def _published(parsed: HtmlElement, said: Head, url: str, title: str) -> datetime | None:
    """Return when the page says it appeared: in its head, below its title, in its address; best first."""
    if claimed := head.published(said):
        return claimed
    shown = _marked(parsed) or _near(parsed, title) or _labelled(parsed)
    addressed = dates.in_url(url)
    if shown and addressed and abs(shown - addressed) > _A_DAY:
        return addressed  # what stands near the title may tell of a change, or of another article
    return shown or addressed


def _marked(parsed: HtmlElement) -> datetime | None:
    """Return the moment in an element that is marked as the one of publication."""
    for node in parsed.iter("time", "span", "div", "p", "abbr"):
        if node.get("pubdate") is not None or "datepublished" in (node.get("itemprop") or "").lower():
            claim = node.get("datetime") or node.get("content") or node.text_content()
            if made := dates.moment(claim):
                return made
    return None


def _near(parsed: HtmlElement, title: str) -> datetime | None:
    """Return the first moment within a few lines below the title."""
    top = text.heading(parsed, title)
    if top is None:
        return None
    below = itertools.islice(top.xpath("following::node()"), 120)
    for node in below:
        said = node if isinstance(node, str) else node.get("datetime") if node.tag == "time" else ""
        if said and len(said) < 120 and (made := dates.moment(said)):
            return made
    return None


def _labelled(parsed: HtmlElement) -> datetime | None:
    """Return the moment of the first short line that says that it tells when this was written: it may stand anywhere."""
    for node in parsed.iter("p", "div", "span", "li", "td", "time", "small", "em"):
        line = " ".join(node.text_content().split()) if len(node) < 4 else ""
        if 0 < len(line) < 80 and weeds.is_dateline(line) and (made := dates.moment(line)):
            return made
    return None


def _without_title(found: Sequence[Block], title: str) -> tuple[Block, ...]:
    """Return the text without the headings above it: the first paragraph is the lead, not the title again."""
    said = text.words(title)
    kept = list(found)
    while kept and (text.words(kept[0].text) == said or kept[0].kind == "head"):
        kept.pop(0)
    return tuple(kept)
