"""rules.yaml and the environment → `Config`: every fault at once, each with file, line and column.

nodes     a YAML text → a tree whose values know their places; YAML's traps
fill      ${NAME}, ${file:PATH}: filled in after parsing, shown nowhere
shape     which keys there are and what may stand behind each (pydantic); the JSON Schema
lists, rulebook, packaged     lists, rules, and what is shipped: packs of lists, the catalogue of feeds
pieces    a long file: rules that stayed the same are not read again
watch     when there is something new to read
build     all of it, together
"""

from monitor.config.build import Config, load
from monitor.config.packaged import Listed, catalogue, pack, packs
from monitor.config.rulebook import Memory, Row, memory_of, rows_of
from monitor.config.shape import schema
from monitor.config.watch import Stamp, changed, stamps

__all__ = [
    "Config", "Listed", "Memory", "Row", "Stamp", "catalogue", "changed", "load", "memory_of", "pack", "packs", "rows_of",
    "schema", "stamps",
]  # fmt: skip
