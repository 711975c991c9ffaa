"""rules.yaml and the environment → `Config`: every fault at once, each with file, line and column.

nodes     a YAML text → a tree whose values know their places; YAML's traps
fill      ${NAME}, ${file:PATH}: filled in after parsing, shown nowhere
values    what a text behind a key means: 5m, 20/h, mon-fri
shape     which keys there are and what may stand behind each (pydantic)
faults    a value against its shape: what is wrong with it, and where
schema    the same shape for an editor: JSON Schema
feeds, lists, rulebook, packaged     feeds, lists, rules, and what is shipped: packs of lists, the catalogue of feeds
pieces    a long file: rules that stayed the same are not read again
watch     when there is something new to read
copy      what was written, kept for the day when the files say something else
build     all of it, together
"""

from monitor.config.build import Config, load
from monitor.config.copy import Copy
from monitor.config.packaged import Listed, catalogue, pack, packs
from monitor.config.rulebook import Memory, Row, memory_of, rows_of
from monitor.config.schema import schema
from monitor.config.watch import Stamp, changed, stamps

__all__ = [
    "Config", "Copy", "Listed", "Memory", "Row", "Stamp", "catalogue", "changed", "load", "memory_of", "pack", "packs", "rows_of",
    "schema", "stamps",
]  # fmt: skip
