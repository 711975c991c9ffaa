"""Extraction beside others, in one run, on pages with ground truth: token F1 by language, and what a page costs.

    MONITOR_SHARED=../shared python benchmarks/extraction.py [--every N]

Compared are our first text (`read`) and our refined one (`refine`, on top of it), trafilatura alone, readability-lxml,
newspaper4k (in an environment of its own, which uv makes) and jusText; what cannot be had is left out. Costs are CPU
milliseconds a page, taken in turns so that a busy machine slows all alike; the median over pages of our cost ÷ trafilatura's is the figure that has a goal (1.1).
"""

from __future__ import annotations

import argparse
import importlib
import json
import logging
import os
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import fmean, median
from time import process_time
from typing import Any

from lxml import html

from monitor import extract
from monitor.extract.text import words
from monitor.model import Entry, Page

SHARED = Path(os.environ.get("MONITOR_SHARED", Path(__file__).resolve().parent.parent.parent / "shared"))
BELGIAN = {"dhnet", "lavenir", "sudinfo", "sudpresse", "septsursept"}
STOPLISTS = {"nl": "Dutch", "fr": "French", "de": "German", "uk": "Ukrainian"}
NOTHING = Entry(key="e", feed="")
ROUNDS = 3
YARDSTICK = "trafilatura fast"

Extractor = Callable[[Page, str], str]


def first(page: Page, _: str) -> str:
    article = extract.read(page, NOTHING).article
    return extract.whole(article) if article else ""


def refined(page: Page, _: str) -> str:
    article = extract.refine(page, extract.read(page, NOTHING)).article
    return extract.whole(article) if article else ""


def others() -> Iterator[tuple[str, Extractor]]:
    """Yield the extractors that are installed."""
    makers = {
        "trafilatura": trafilaturas,
        "readability": readability,
        "justext": justext,
    }
    for name, maker in makers.items():
        try:
            yield from maker(importlib.import_module(name))
        except ImportError:
            print(f"{name} is not installed: left out", file=sys.stderr)


def trafilaturas(library: Any) -> Iterator[tuple[str, Extractor]]:
    def text_only(page: Page, _: str) -> str:
        return library.extract(page.body, fast=True) or ""

    def fast(page: Page, _: str) -> str:
        return library.bare_extraction(page.body, fast=True, with_metadata=True).text

    def whole(page: Page, _: str) -> str:
        return library.bare_extraction(page.body, with_metadata=True).text

    yield from (("trafilatura fast, text only", text_only), (YARDSTICK, fast), ("trafilatura", whole))


def readability(library: Any) -> Iterator[tuple[str, Extractor]]:
    def main_part(page: Page, _: str) -> str:
        return html.fromstring(library.Document(page.body.decode("utf-8", "replace")).summary()).text_content()

    yield "readability-lxml", main_part


class Newspapers:
    """newspaper4k in its own process, which tells what it took of a page and how long that was."""

    def __init__(self, folder: Path) -> None:
        python = folder / "newspaper" / "bin" / "python"
        subprocess.run(["uv", "venv", "-q", "--python", sys.executable, str(folder / "newspaper")], check=True)
        wanted = ("newspaper4k", "lxml_html_clean")
        subprocess.run(["uv", "pip", "install", "-q", "--python", str(python), *wanted], check=True)
        script = Path(__file__).with_name("newspapers.py")
        self._running = subprocess.Popen([str(python), str(script)], stdin=-1, stdout=-1, text=True)

    def read(self, path: Path, language: str) -> tuple[str, float]:
        """Return the text, and the fewest CPU seconds of the rounds."""
        assert self._running.stdin
        assert self._running.stdout
        asked = {"path": str(path), "language": language, "rounds": ROUNDS}
        print(json.dumps(asked), file=self._running.stdin, flush=True)
        said = json.loads(self._running.stdout.readline())
        return said["text"], said["seconds"]

    def close(self) -> None:
        self._running.communicate()


def newspapers(folder: Path) -> Newspapers | None:
    try:
        return Newspapers(folder)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"newspaper4k could not be installed: left out ({error})", file=sys.stderr)
        return None


def justext(library: Any) -> Iterator[tuple[str, Extractor]]:
    def kept(page: Page, language: str) -> str:
        found = library.justext(page.body, library.get_stoplist(STOPLISTS[language]))
        return "\n".join(paragraph.text for paragraph in found if not paragraph.is_boilerplate)

    yield "jusText", kept


def scores(got: str, wanted: str) -> tuple[float, float, float]:
    mine, theirs = Counter(words(got)), Counter(words(wanted))
    shared = (mine & theirs).total()
    precision, recall = shared / max(1, mine.total()), shared / max(1, theirs.total())
    return precision, recall, 2 * precision * recall / (precision + recall or 1)


def tried(extractor: Extractor, page: Page, language: str) -> tuple[str, float]:
    """Return the text ("" when the extractor gives up) and the CPU seconds that it took."""
    began = process_time()
    try:
        text = extractor(page, language)
    except Exception as error:  # a library's failure is its score  # noqa: BLE001
        print(f"{page.url}: {error!r}", file=sys.stderr)
        text = ""
    took = process_time() - began
    return text, took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=1, help="only each N-th page")
    every = parser.parse_args().every
    logging.disable(logging.CRITICAL)
    extractors: dict[str, Extractor] = {"ours, first": first, "ours, refined": refined, **dict(others())}
    found: dict[str, dict[str, list[tuple[float, float, float]]]] = {name: defaultdict(list) for name in extractors}
    costs: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder, tarfile.open(SHARED / "data" / "real.tar.gz") as archive:
        archive.extractall(folder, filter="data")
        real = Path(folder) / "real"
        apart = newspapers(Path(folder))
        for path, truth in list(json.loads((real / "gt_dev.json").read_text("utf-8")).items())[::every]:
            page = Page(url=truth["url"] or "", asked=truth["url"] or "", body=(real / path).read_bytes())
            language = "fr-BE" if truth["publisher"] in BELGIAN else truth["lang"]
            times: dict[str, list[float]] = defaultdict(list)
            for _ in range(ROUNDS):
                for name, extractor in extractors.items():
                    text, took = tried(extractor, page, truth["lang"])
                    times[name].append(took)
                    if len(times[name]) == 1:
                        found[name][language].append(scores(text, truth["body"]))
            for name, all_times in times.items():
                costs[name].append(min(all_times))
            if apart:
                text, took = apart.read(real / path, truth["lang"])
                found.setdefault("newspaper4k", defaultdict(list))[language].append(scores(text, truth["body"]))
                costs["newspaper4k"].append(took)
        if apart:
            apart.close()
    show(found, costs)


def show(found: dict[str, dict[str, list[tuple[float, float, float]]]], costs: dict[str, list[float]]) -> None:
    languages = ("nl", "fr-BE", "de")
    print(
        f"{'':<28}"
        + "".join(f"{language + ' P':>9}{'R':>7}{'F1':>7}" for language in languages)
        + f"{'ms':>9}{'÷ traf.':>9}"
    )
    for name, by_language in found.items():
        cells = "".join(
            f"{fmean(score[0] for score in by_language[language]):9.3f}"
            f"{fmean(score[1] for score in by_language[language]):7.3f}{fmean(score[2] for score in by_language[language]):7.3f}"
            for language in languages
        )
        ratios = [mine / theirs for mine, theirs in zip(costs[name], costs.get(YARDSTICK, costs[name]), strict=True)]
        print(f"{name:<28}{cells}{1000 * median(costs[name]):9.1f}{median(ratios):9.2f}")


if __name__ == "__main__":
    main()
