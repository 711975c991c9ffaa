"""Addresses and the first cleaning of text: what nearly every room needs before it can compare or keep anything. Pure.

`normal` answers one question only: do these two addresses name the same article? What it returns is for comparing and
for `key_of`, never for fetching. Nothing here raises, whatever it is given.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote, unquote_to_bytes, urlsplit

# Parameters that say how a reader came, never what is read. From the lists of ClearURLs and of uBlock's `removeparam`,
# and from the links of Dutch and Belgian feeds (xtor, ns_*, at_*: the counters of AT Internet and comScore).
_TRACKING = re.compile(
    r"(?:utm|at|ns|pk|mtm|piwik|matomo|hsa|vero|oly|guce|adh|_hs|__hs|wt)[_.].*"
    r"|utm|xtor|xtref|xts|fbclid|gclid|gclsrc|dclid|gbraid|wbraid|msclkid|yclid|twclid|ttclid|igshid|igsh|li_fat_id"
    r"|mc_[ce]id|mkt_tok|cmpid|cmp|campaign_?id|icid|ncid|ocid|s_cid|cid_source|ito|smid|smtyp|sr_share|spm|trk"
    r"|_ga|_gl|_openstat|__twitter_impression|sfnsn|mibextid|tblci|dicbo|echobox|guccounter|m_bt|wtmc|rss|feedtype"
    r"|ref|referrer|referer|reflink|share|shared|amp|outputtype|output_type",
    re.IGNORECASE,
)
# These may be part of an address; only with such a value do they tell how the reader came.
_MAYBE_TRACKING = re.compile(
    r"(?:source|src|from|via|medium|origin)="
    r"(?:rss|feed|atom|xml|twitter|x|facebook|fb|newsletter|nieuwsbrief|mail|email|google|app|whatsapp|share|social).*",
    re.IGNORECASE,
)
_MOBILE = re.compile(r"(?:(?:www\d?|m|mobile|mobiel|amp)\.)+(?=[^.]+\.)")
_AMP_TAIL = re.compile(r"(?:[./]amp(?:\.html?)?)+$", re.IGNORECASE)
_AMP_HEAD = re.compile(r"^(?:/amp(?=/))+", re.IGNORECASE)
_AMP_CACHE = re.compile(
    r"^https?://(?:(?:www\.)?google\.[a-z.]{2,6}/amp/|[^/]+\.cdn\.ampproject\.org/[acv]/)(s/)?(?=[^/]+\.)",
    re.IGNORECASE,
)
_ESCAPED = re.compile(r"(?:%[0-9a-fA-F]{2})+")
_LOGIN = re.compile(r"(?<=://)(?:[^/?#\s@]*:(?!\d*[/?#])[^\s@]*@|[^/?#\s]*@)+")
# C0 and C1 controls but \t and \n, lone surrogates, and the signs that make text run backwards.
_DIRTY = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def clean(text: str) -> str:
    """Return the text with what no database, mail or screen can bear put out, one sign for one sign.

    NUL and lone surrogates become U+FFFD, other control signs and bidirectional overrides a blank; offsets stay.
    """
    # None of those signs is printable; that all of a text's are, as nearly always, is seen in half the time.
    return text if text.isprintable() else _DIRTY.sub(_bearable, text)


def _bearable(found: re.Match[str]) -> str:
    sign = found[0]
    return "\ufffd" if sign == "\0" or "\ud800" <= sign <= "\udfff" else " "


def masked(url: str) -> str:
    """Return the address without `user:password@`, fit for a log, a page and an error."""
    return _LOGIN.sub("", url)


def typed(said: str) -> str:
    """Return the address of the web that a person typed, `https://` put before one that has no scheme; "" for none."""
    said = clean(said).strip()
    url = said if "://" in said else f"https://{said.lstrip('/')}"
    try:
        parts = urlsplit(url)
        name, _ = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if parts.scheme.lower() not in ("http", "https") or re.search(r"\s", url) or not name:
        return ""
    # A word alone is no host, and what has an @ is an address of another kind.
    is_bare = url != said
    return "" if is_bare and ("@" in parts.netloc or not re.search(r"[.:]|^localhost$", parts.netloc)) else url


def host(url: str) -> str:
    """Return the host's name in lower case, without user, port and closing dot; "" when there is none."""
    try:
        name = urlsplit(url.strip()).hostname or ""
    except ValueError:
        return ""
    return _ascii(clean(name).rstrip("."))


@lru_cache(maxsize=4_096)  # an entry's link is looked at several times while its document is read
def normal(url: str) -> str:
    """Return the identity of an address: equal for the ways in which feeds write one and the same article.

    http is https; `www.`, `m.` and `amp.` go, as do user, default port, fragment, tracking parameters, AMP's paths and
    caches, and a trailing slash; parameters are sorted and percent-encoding is written one way. An address that is
    not http(s) comes back trimmed. `normal(normal(url)) == normal(url)`.
    """
    url = clean(url).strip()
    inner = _AMP_CACHE.sub("https://", url)
    try:
        parts = urlsplit(inner)
        port = parts.port
    except ValueError:
        return url
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
        return url
    name = _host(parts.hostname)
    where = name if port in (None, 80, 443) else f"{name}:{port}"
    query = _query(parts.query)
    anchor = f"#{_escaped(parts.fragment)}" if parts.fragment.startswith("!") else ""  # a page of its own, once
    return f"https://{where}{_path(parts.path)}{'?' + query if query else ''}{anchor}"


def _host(name: str) -> str:
    name = _MOBILE.sub("", _ascii(name.rstrip(".")), count=1)
    return f"[{name}]" if ":" in name else name


def _ascii(name: str) -> str:
    """Return a host's name as DNS knows it; one that DNS cannot know as it is, in lower case."""
    if name.isascii():
        return name.lower()
    try:
        return name.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return name.lower()


def _path(path: str) -> str:
    path = re.sub(r"/{2,}", "/", _escaped(path))
    path = _AMP_HEAD.sub("", path).rstrip("/")
    while (shorter := _AMP_TAIL.sub("", path).rstrip("/")) != path:
        path = shorter
    return path


def _query(query: str) -> str:
    said = {_escaped(part.replace("+", "%20"), safe="=") for part in query.split("&")}
    return "&".join(sorted(part for part in said if part and not _tracks(part)))


def _tracks(part: str) -> bool:
    name, _, _ = part.partition("=")
    return bool(_TRACKING.fullmatch(name) or _MAYBE_TRACKING.fullmatch(part))


def _escaped(text: str, safe: str = "/:@!$&'()*+,;=") -> str:
    """Return text with one spelling of each sign: what may stand plainly does, the rest is `%XX` in upper case."""
    kept = _ESCAPED.sub(lambda found: quote(unquote_to_bytes(found[0]), safe=""), text)
    return quote(kept, safe=safe + "%")
