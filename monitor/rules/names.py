"""Spellings of a Cyrillic name in Dutch, English, French and German, from a table. Pure.

They are made when a lexicon is built, stored in it and reviewed by a person; nothing is guessed at run time. The table
(`catalogue/spelling.tsv`) says what each letter becomes and where; this module only walks along the word.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files

LANGUAGES = ("nl", "en", "fr", "de")
# A name with more spellings than this is spelt in its most usual ways only.
MOST = 24

_UKRAINIAN = frozenset("іїєґ")
_VOWELS = frozenset("аеёиоуыэюяіїє")
_HISSING, _SIGNS, _FRONT, _BEFORE_E = frozenset("жчшщ"), frozenset("ьъ"), frozenset("ие"), frozenset("еёиэє")

_Row = Mapping[str, tuple[str, ...]]  # language → spellings


def spellings(name: str, *, ukrainian: bool | None = None) -> dict[str, tuple[str, ...]]:
    """Return the spellings of a name by language (nl, en, fr, de), the most usual first; at most `MOST` in each.

    `ukrainian` says which language the name is in; unsaid, its letters tell (і, ї, є, ґ). What is not Cyrillic stays.
    """
    is_ukrainian = bool(_UKRAINIAN & set(name.casefold())) if ukrainian is None else ukrainian
    pieces = re.findall(r"[^\W\d_]+|[\W\d_]+", name.strip())
    return {language: _joined([_of_word(piece, language, is_ukrainian) for piece in pieces]) for language in LANGUAGES}


def is_cyrillic(name: str) -> bool:
    """Say whether there is anything in a name to make spellings of."""
    return re.search(r"[\u0400-\u04ff]", name) is not None


def _joined(choices: Sequence[Sequence[str]]) -> tuple[str, ...]:
    combined = itertools.islice(itertools.product(*choices), MOST)
    return tuple(dict.fromkeys("".join(one) for one in combined))


def _of_word(word: str, language: str, ukrainian: bool) -> tuple[str, ...]:
    """Return the spellings of one word, its first letter as large as it was."""
    lower = word.casefold()
    whole = _table().get(("name", lower))
    found = whole[language] if whole else _joined(list(_letters(lower, language, ukrainian)))
    return tuple(one[:1].upper() + one[1:] for one in found) if word[:1].isupper() else found


def _letters(word: str, language: str, ukrainian: bool) -> Iterator[tuple[str, ...]]:
    """Yield what each letter, and at last the ending, may become."""
    ending = _ending(word, language, ukrainian)
    stem = word.removesuffix(ending) if ending else word
    for i, letter in enumerate(stem):
        before, after = word[i - 1] if i else "", word[i + 1 : i + 2]
        rows = (_table().get((where, letter)) for where in _places(before, after, ukrainian))
        row = next((row for row in rows if row), None)
        yield row[language] if row else (letter,)
    if ending:
        row = _table().get(("ukrainian-ending", ending)) if ukrainian else None
        yield (row or _table()["ending", ending])[language]


def _ending(word: str, language: str, ukrainian: bool) -> str:
    """Return the longest ending with spellings of its own in this language; never the whole word."""
    kinds = ("ukrainian-ending", "ending") if ukrainian else ("ending",)
    endings = {letters for kind, letters in _table() if kind in kinds and _table()[kind, letters][language]}
    return max((one for one in endings if word.endswith(one) and word != one), key=len, default="")


def _places(before: str, after: str, ukrainian: bool) -> Iterator[str]:
    """Yield where a letter stands, the most telling first."""
    told = {
        "ukrainian": ukrainian,
        "initial": not before,
        "hissing": before in _HISSING,
        "sign": before in _SIGNS,
        "front": before in _FRONT,
        "after-o": before == "о",
        "vowel": before in _VOWELS,
        "between": before in _VOWELS and after in _VOWELS,
        "before-e": after in _BEFORE_E,
        "any": True,
    }
    yield from (place for place, holds in told.items() if holds)
    yield "ukrainian"  # a letter that Russian does not have is Ukrainian all the same


@cache
def _table() -> Mapping[tuple[str, str], _Row]:
    """Return the table by where a row holds and which letters it spells; "=" in a cell: no row for that language."""
    text = (files("monitor") / "catalogue" / "spelling.tsv").read_text("utf-8")
    rows = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")][1:]
    return {
        (where, letters): {code: _cell(cell) for code, cell in zip(LANGUAGES, cells, strict=True)}
        for where, letters, *cells in rows
    }


def _cell(cell: str) -> tuple[str, ...]:
    if cell == "=":
        return ()
    return tuple("" if one == "-" else one for one in cell.split(","))
