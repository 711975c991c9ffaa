"""newspaper4k for `extraction.py`, in an environment of its own: it brings its own lxml, nltk and pictures.

Reads lines of JSON (`path`, `language`, `rounds`), prints one for each: `text`, and the fewest CPU `seconds` of the rounds.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from time import process_time

import newspaper


def parsed(page: str, language: str) -> str:
    """Return what newspaper4k takes for the article's text; "" when it gives up."""
    article = newspaper.Article("https://example.org/", language=language, fetch_images=False)
    try:
        article.download(input_html=page)
        article.parse()
    except Exception as error:  # a library's failure is its score  # noqa: BLE001
        print(f"newspaper4k: {error!r}", file=sys.stderr)
    return str(article.text)


def main() -> None:
    for line in sys.stdin:
        asked = json.loads(line)
        page = Path(asked["path"]).read_bytes().decode("utf-8", "replace")
        texts, seconds = [], []
        for _ in range(asked["rounds"]):
            began = process_time()
            texts.append(parsed(page, asked["language"]))
            seconds.append(process_time() - began)
        print(json.dumps({"text": texts[0], "seconds": min(seconds)}), flush=True)


if __name__ == "__main__":
    main()
