"""What a page says of itself, in `<meta>` and JSON-LD, before anyone reads its text. Pure."""

from __future__ import annotations

import html as entities
import json
import re
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lxml.html import HtmlElement

from monitor.extract import dates

# An honest article's JSON-LD is a few kB, a live blog's up to some hundred; what is longer is not read.
_MOST_JSON = 500_000
_MOST_NODES = 2_000
_MOST_CLAIMS = 50  # of one kind: authors are the only ones of which there are several
_ARTICLE = re.compile(r"(?:Article|Posting|Report|Review|ClaimReview|Blog)$")
_INSIDE = ("@graph", "mainEntity", "mainEntityOfPage", "itemReviewed")
_BREAKS = re.compile(r"\n+|(?:&lt;|<)/p(?:&gt;|>)|(?:&lt;|<)br ?/?(?:&gt;|>)", re.IGNORECASE)
_TAGS = re.compile(r"<[^<>]{1,200}>")

Node = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Head:
    """A page's own words about itself; "" and () where it has none."""

    metas: Mapping[str, tuple[str, ...]]  # name, property or itemprop in lower case → contents in order
    nodes: tuple[Node, ...] = ()  # JSON-LD, outermost first
    article: Node = field(default_factory=dict)  # the node that describes the article
    canonical: str = ""
    language: str = ""  # of <html lang>
    title: str = ""  # of <title>

    def meta(self, *names: str) -> str:
        """Return the first content that is not empty, trying the names in order."""
        return next((said for name in names for said in self.metas.get(name, ()) if said), "")

    def types(self) -> frozenset[str]:
        """Return the schema.org types of the page's own nodes."""
        return frozenset(kind for node in self.nodes for kind in types(node))


def read(tree: HtmlElement) -> Head:
    """Return what the page says of itself. The tree is left as it was."""
    metas: defaultdict[str, list[str]] = defaultdict(list)
    for meta in tree.iter("meta"):
        name = (meta.get("property") or meta.get("name") or meta.get("itemprop") or "").lower()
        if name and len(metas[name]) < _MOST_CLAIMS and (content := plain(meta.get("content") or "")):
            metas[name].append(content)
    nodes = tuple(_nodes(tree))
    title = tree.find(".//head/title")
    return Head(
        metas={name: tuple(said) for name, said in metas.items()},
        nodes=nodes,
        article=_article(nodes),
        canonical=_canonical(tree),
        language=(tree.get("lang") or tree.get("xml:lang") or "")[:2].lower(),
        title=plain(title.text_content()) if title is not None else "",
    )


def types(node: Node) -> tuple[str, ...]:
    """Return a node's types without the address of the vocabulary."""
    return tuple(kind.rsplit("/", 1)[-1] for kind in listed(node.get("@type")) if isinstance(kind, str))


def listed(value: object) -> list[Any]:
    """Return the value as a list: JSON-LD writes one thing with or without brackets."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def plain(text: object) -> str:
    """Return a value as one line of plain text: some publishers escape twice, some leave their tags in."""
    if not isinstance(text, str):
        return ""
    return " ".join(_TAGS.sub(" ", entities.unescape(entities.unescape(text))).split())


def titles(head: Head) -> Iterator[str]:
    """Yield what may be the title, best first."""
    yield plain(head.article.get("headline"))
    yield from head.metas.get("og:title", ())
    yield plain(head.article.get("name"))
    yield from head.metas.get("twitter:title", ())
    yield from head.metas.get("dc.title", ())


def leads(head: Head) -> Iterator[str]:
    """Yield what may be the lead, best first."""
    yield plain(head.article.get("description"))
    yield from head.metas.get("og:description", ())
    yield from head.metas.get("description", ())
    yield from head.metas.get("twitter:description", ())


def body(head: Head) -> tuple[str, ...]:
    """Return the paragraphs of the text that JSON-LD carries, () for none."""
    said = head.article.get("articleBody")
    lines = _BREAKS.split(said) if isinstance(said, str) else []
    return tuple(line for line in map(plain, lines) if line)


def published(head: Head) -> datetime | None:
    """Return when the page claims to have appeared."""
    return _first(
        [head.article.get("datePublished"), head.article.get("dateCreated")],
        head.metas,
        "article:published_time og:published_time datepublished published publish-date pubdate publication_date "
        "article:published parsely-pub-date sailthru.date cxenseparse:recs:publishtime dc.date.issued dcterms.created "
        "dcterms.date dc.date date publishdate last-modified",
    )


def updated(head: Head) -> datetime | None:
    """Return when the page claims to have changed last."""
    return _first(
        [head.article.get("dateModified")], head.metas, "article:modified_time og:updated_time datemodified lastmod"
    )


def _first(said: Iterable[object], metas: Mapping[str, tuple[str, ...]], names: str) -> datetime | None:
    claims = [*said, *(claim for name in names.split() for claim in metas.get(name, ()))]
    return next((made for claim in claims if isinstance(claim, str) and (made := dates.moment(claim))), None)


def authors(head: Head) -> tuple[str, ...]:
    """Return who wrote it, as names."""
    said = [_name(author) for author in listed(head.article.get("author"))]
    if not any(said):
        said = [*head.metas.get("author", ()), *head.metas.get("article:author", ())]
    return tuple(dict.fromkeys(name for name in said if name and "://" not in name))


def free(head: Head) -> bool | None:
    """Return whether the article may be read without paying; None when the page does not tell."""
    claims = [node.get("isAccessibleForFree") for node in head.nodes]
    said = {str(claim).strip().lower().rsplit("/", 1)[-1] for claim in claims if claim is not None}
    said |= {"false" for tier in head.metas.get("article:content_tier", ()) if tier.lower() in ("locked", "metered")}
    if "false" in said or "no" in said:
        return False
    return True if said & {"true", "yes"} else None


def _name(author: object) -> str:
    if isinstance(author, Mapping):
        return ", ".join(filter(None, (plain(name) for name in listed(author.get("name")))))
    return plain(author)


def _canonical(tree: HtmlElement) -> str:
    for link in tree.iter("link"):
        if "canonical" in (link.get("rel") or "").lower().split():
            return (link.get("href") or "").strip()
    return ""


def _nodes(tree: HtmlElement) -> Iterator[Node]:
    seen = 0
    for script in tree.iter("script"):
        if "ld+json" not in (script.get("type") or "").lower():
            continue
        for node in _walked(_loaded(script.text or "")):
            seen += 1
            if seen > _MOST_NODES:
                return
            yield node


def _loaded(text: str) -> object:
    """Return the JSON in a script. `json` is linear where patterns over broken JSON-LD are quadratic."""
    if len(text) > _MOST_JSON:
        return None
    inner = text.strip(" \t\r\n;/")
    for mark in ("<!--", "<![CDATA["):
        inner = inner.removeprefix(mark)
    for mark in ("-->", "]]>", "//"):
        inner = inner.rstrip().removesuffix(mark)
    try:
        return json.loads(inner, strict=False)
    except (ValueError, RecursionError):
        return None


def _walked(value: object) -> Iterator[Node]:
    """Yield the nodes that describe this page, outermost first: not those that it lists or mentions."""
    waiting = deque([value])
    while waiting:
        for node in listed(waiting.popleft()):
            if isinstance(node, dict):
                yield node
                waiting += [node[key] for key in _INSIDE if key in node]
            elif isinstance(node, list):
                waiting.append(node)


def _article(nodes: Iterable[Node]) -> Node:
    """Return the node of the article: of several, the one that says most."""
    found = [node for node in nodes if any(_ARTICLE.search(kind) for kind in types(node))]
    return max(found, key=lambda node: ("headline" in node, "datePublished" in node), default={})
