"""What a site's robots.txt allows us (RFC 9309). Pure: the text is fetched elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass

from protego import Protego

ROBOT = "monitor"  # the name that robots.txt knows us by

_AGENT_LINE = re.compile(r"^[ \t]*user[- ]?agent\b[ \t:]*+(\*|[a-z_-]*).*$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules of one site, as they concern us."""

    _rules: Protego

    def allow(self, url: str) -> bool:
        """Say whether we may ask for this address of the site."""
        return self._rules.can_fetch(url, ROBOT)

    @property
    def delay(self) -> float:
        """Seconds that the site wants between two requests; 0 when it does not say."""
        return self._rules.crawl_delay(ROBOT) or 0.0


def parse(text: bytes) -> Robots:
    """Return the rules in a robots.txt; no rules in what is none. RFC 9309, 2.2: it is UTF-8."""
    said = "\n".join(text.decode("utf-8-sig", "replace").splitlines())
    return Robots(Protego.parse(_AGENT_LINE.sub(_as_it_concerns_us, said)))


def _as_it_concerns_us(line: re.Match[str]) -> str:
    """Return a line that names a robot, with only three names left: all, us (RFC 9309, 2.2.1) and others.

    A file of ten thousand names over ten thousand rules would else cost a hundred million steps.
    """
    name = line[1].lower()
    return f"User-agent: {name if name in ('*', ROBOT) else 'others'}"


EVERYTHING = parse(b"")
