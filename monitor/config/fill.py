"""`${NAME}`, `${NAME:-default}` and `${file:PATH}` in the values of a file: filled in after parsing, shown nowhere.

A name is looked up in the environment, then among systemd's credentials (`$CREDENTIALS_DIRECTORY/NAME`, or
`…/secret_NAME`). What a value holds after filling is never quoted by a fault (`Node.filled`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from monitor.config.nodes import Node
from monitor.errors import Fault

_PLACEHOLDER = re.compile(r"\$\{([^{}\n]*)\}")
_NAMED = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?", re.DOTALL)
# Readable by anybody on the machine: worth a word, when it holds a password.
_FOR_ALL = 0o004
# `LoadCredential=secret:FOLDER` hands a whole folder over, each file in it under this before its name (systemd.exec(5)).
_FROM_FOLDER = "secret_"


@dataclass(slots=True)
class Filling:
    """What was filled in so far: the files it came from, and what was wrong."""

    environ: Mapping[str, str]
    folder: Path  # `${file:PATH}` is relative to the file that says so
    files: list[Path] = field(default_factory=list)  # also those that cannot be read
    faults: list[tuple[Node, Fault]] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)  # that hold something now that is never to be shown
    values: set[str] = field(default_factory=set)  # what was filled in, defaults left out: those stand in the file

    def fill(self, root: Node) -> None:
        """Fill in every value of the tree, in place."""
        for node in root.texts():
            if "${" in node.text:
                self._fill(node)

    def _fill(self, node: Node) -> None:
        end_of_login = node.text.rfind("@") if "://" in node.text else -1

        def filled(found: re.Match[str]) -> str:
            value = self._value(node, found)
            in_login = node.text.find("://") < found.start() < end_of_login
            # A password with an @ or a / in it would break the address it stands in; what is escaped stays so.
            return quote(value, safe="%!$&'()*+,;=~") if in_login else value

        text = _PLACEHOLDER.sub(filled, node.text)
        if "${" in _PLACEHOLDER.sub("", node.text):
            self._fault(node, node.text.find("${"), "'${' without '}': write ${NAME}, ${NAME:-default} or ${file:PATH}")
        node.text, node.filled = text, True
        self.nodes.append(node)

    def _value(self, node: Node, found: re.Match[str]) -> str:
        said = found[1]
        if said.startswith("file:"):
            return self._read(node, found, self.folder / said.removeprefix("file:").strip())
        named = _NAMED.fullmatch(said)
        if not named:
            self._fault(
                node,
                found.start(),
                f"'{found[0]}' cannot be filled in: write ${{NAME}}, ${{NAME:-default}} or ${{file:PATH}}",
            )
            return ""
        value = self.environ.get(named[1]) or self._credential(named[1])
        if value:
            self.values.add(value)
            return value
        if named[2] is None:
            state = "empty" if named[1] in self.environ else "not set"
            self._fault(
                node, found.start(), f"{named[1]} is {state} in the environment, and no credential has that name"
            )
        return named[2] or ""

    def _credential(self, name: str) -> str:
        folder = self.environ.get("CREDENTIALS_DIRECTORY")
        if not folder:
            return ""
        for path in (Path(folder) / name, Path(folder) / f"{_FROM_FOLDER}{name}"):
            try:
                value = path.read_text("utf-8").rstrip("\r\n")
            except (OSError, ValueError):
                continue
            self.files.append(path)
            return value
        return ""

    def _read(self, node: Node, found: re.Match[str], path: Path) -> str:
        self.files.append(path)
        try:
            value = path.read_text("utf-8").rstrip("\r\n")
            open_to_all = path.stat().st_mode & _FOR_ALL
        except OSError as error:
            self._fault(node, found.start(), f"{path} cannot be read: {error.strerror}")
            return ""
        except ValueError:
            self._fault(node, found.start(), f"{path} is no text in UTF-8")
            return ""
        self.values.add(value)
        if open_to_all:
            self._fault(
                node, found.start(), f"{path} can be read by everybody on this machine: chmod 600", warning=True
            )
        return value

    def _fault(self, node: Node, offset: int, text: str, *, warning: bool = False) -> None:
        node.missing = node.missing or not warning
        place = node.locate(offset)  # still as written
        self.faults.append((node, Fault(text, place.file, place.line, place.column, warning=warning)))
