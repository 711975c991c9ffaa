"""What a site's robots.txt allows us (RFC 9309). Pure: the text is fetched elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass

from protego import Protego

ROBOT = "monitor"  # the name that robots.txt knows us by

# Rules for others are gathered under one name: a file of ten thousand names over ten thousand rules would else cost
# a hundred million steps.
_OTHERS = re.compile(rf"^[ \t]*user[- ]?agent\b[ \t:]*+(?!\*[ \t]*(?:#|$)|{ROBOT}\b).*$", re.IGNORECASE | re.MULTILINE)


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
    return Robots(Protego.parse(_OTHERS.sub("User-agent: others", said)))


EVERYTHING = parse(b"")
