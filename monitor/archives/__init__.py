"""The past → documents. What needs the network goes through `fetch`, what strangers wrote through `sandbox`.

    files      .txt, .html, .jsonl (`id`, `title`, `body` or `text`, and more), also .gz and .zst; folders; `-`
    warc       WARC and WACZ archives, a record at a time
    web        lists of addresses, the sitemaps of a site, a feed's own history
    record     the stored articles

Each source is a stream of shards: a part with a name that does not change, and its documents, each yet to be made. What
is done is remembered by these names. A document that cannot be read is a document all the same, with its fault: nothing
is lost in silence.
"""

from monitor.archives.files import addresses, documents, files
from monitor.archives.parts import Document, Piece, Shard

__all__ = ["Document", "Piece", "Shard", "addresses", "documents", "files"]
