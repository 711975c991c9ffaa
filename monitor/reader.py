"""A page, read where it can do no harm: a first text of each, the dearer one where it is worth it, and the rules' verdict."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from monitor import extract, judge
from monitor.errors import SandboxError
from monitor.judge import Rules
from monitor.model import Article, Entry, Feed, Outcome, Page, Reading, Verdict, key_of
from monitor.sandbox import Sandbox


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads pages for some rules.

    `twins` tells how many other links of an article's host had its very text, where that is on record.
    """

    sandbox: Sandbox
    ruleset: Rules
    twins: Callable[[Article], Awaitable[int]] | None = None

    async def verdict(self, entry: Entry, feed: Feed | None, page: Page | None) -> Verdict:
        """Return the verdict on a page; the dearer extraction runs only where the first text matches a rule.

        A page that the first extraction dies of is matched on the feed's words, one that the dearer dies of on its
        first text.
        """
        if page is None:
            return await self._of(Reading(Outcome.NO_TEXT, None, "the entry has no link"), entry, feed)
        try:
            first = await _twice(self.sandbox, extract.read, page, entry, feed)
        except SandboxError as error:
            return await self._of(Reading(Outcome.FAILED, None, str(error)), entry, feed)
        verdict = await self._of(first, entry, feed)
        if verdict.matches and verdict.outcome is Outcome.READ:
            with suppress(SandboxError):
                return await self._of(await _twice(self.sandbox, extract.refine, page, first), entry, feed)
        return verdict

    async def _of(self, reading: Reading, entry: Entry, feed: Feed | None) -> Verdict:
        twins = await self.twins(reading.article) if self.twins and reading.article else 0
        return judge.verdict(reading, entry, feed, self.ruleset, twins=twins)


async def whole(sandbox: Sandbox, page: Page, name: str) -> Reading:
    """Return the reading of a page of no feed, with the text that an article has that hits. Raises SandboxError."""
    entry = Entry(key=key_of("entry", name), feed="", link=page.url)
    first = await sandbox.run(extract.read, page, entry, None)
    return await sandbox.run(extract.refine, page, first) if first.outcome is Outcome.READ else first


async def _twice(sandbox: Sandbox, read: Callable[..., Reading], *args: object) -> Reading:
    """Return what reading says; a worker that died may have died of its neighbours, so another one tries once more."""
    try:
        return await sandbox.run(read, *args)
    except SandboxError as error:
        if error.reason == "timeout":
            raise
        return await sandbox.run(read, *args)
