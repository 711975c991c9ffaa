"""Every feed document of five parsers' test suites, and of Dutch and Belgian papers: an outcome each, and nothing lost."""

import io
import json
import subprocess
import sys
import warnings
from pathlib import Path

import feedparser
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SUITES = ("feedparser", "miniflux", "reader", "rss-parser", "simplepie", "nlbe")
MOST_SECONDS = 2.0  # for one document
# Reads the paths given, and prints for each its outcome, entries, titles and seconds: apart, so that it can be stopped.
READER = """
import json, sys
from pathlib import Path
from time import perf_counter
from monitor.feeds import _parse
from monitor.model import Feed, Page

feed = Feed(key="f", name="f", url="https://krant.example/feed")
for path in sys.stdin.read().split("\\n"):
    began = perf_counter()
    found = _parse(Page(url=feed.url, asked=feed.url, body=Path(path).read_bytes()), feed)
    titles = [entry.title for entry in found.entries]
    keys = [entry.key for entry in found.entries]
    print(json.dumps([path, found.outcome, list(found.faults), titles, keys, perf_counter() - began]))
"""


def read(paths: list[Path]) -> dict[str, tuple[str, list[str], list[str], list[str], float]]:
    """Return what became of each document. Fails when one of them raises, or keeps the rest waiting."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", READER],
        input="\n".join(map(str, paths)),
        capture_output=True,
        text=True,
        timeout=60 + MOST_SECONDS,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return {line[0]: tuple(line[1:]) for line in map(json.loads, done.stdout.splitlines())}  # type: ignore[misc]


def seen_by_feedparser(path: Path) -> tuple[int, int]:
    """Return how many entries, and how many titles with a word in them, feedparser alone finds; 0 where it raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = feedparser.parse(io.BytesIO(path.read_bytes()))
        except Exception:  # noqa: BLE001 - it raises nearly anything
            return 0, 0
    return len(found.entries), sum(bool(entry.get("title", "").strip()) for entry in found.entries)


@pytest.mark.shared
@pytest.mark.parametrize("suite", SUITES)
def test_every_document_has_an_outcome_and_no_entry_is_lost(real: Path, suite: str) -> None:
    """The ways in which feeds are broken, collected by others over twenty years."""
    paths = sorted(path for path in (real / "feeds" / suite).rglob("*") if path.is_file())
    found = read(paths)

    assert len(found) == len(paths) > 0
    assert {outcome for outcome, *_ in found.values()} <= {"polled", "failed"}
    assert max(seconds for *_, seconds in found.values()) < MOST_SECONDS
    for path in paths:
        outcome, faults, titles, keys, _ = found[str(path)]
        entries, titled = seen_by_feedparser(path)
        assert outcome == "polled" or faults, path
        assert len(keys) >= entries, path
        # a title that is nothing but an image has no words
        assert sum(map(bool, titles)) >= titled or "sanitize" in path.parts, path


@pytest.mark.shared
def test_what_is_no_feed_is_told_apart(real: Path) -> None:
    """Web pages among the files are pages; every feed is a feed."""
    paths = sorted(path for path in (real / "feeds").rglob("*") if path.suffix in (".html", ".rss", ".atom"))
    found = read(paths)

    for path in paths:
        assert (found[str(path)][0] == "failed") is (path.suffix == ".html"), path


@pytest.mark.shared
def test_papers_are_read_whole(real: Path) -> None:
    """Each item of a Dutch or Belgian feed has a title, a link and a key of its own."""
    paths = sorted((real / "feeds" / "nlbe").glob("*.xml"))
    for path, (outcome, _, titles, keys, _) in read(paths).items():
        assert outcome == "polled", path
        assert len(titles) == len(set(keys)) == Path(path).read_bytes().count(b"<item>") > 0, path
        assert all(titles), path
