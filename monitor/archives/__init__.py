"""The past → documents. What needs the network goes through `fetch`, what strangers wrote through `sandbox`.

    files      .txt, .html, .jsonl (`id`, `title`, `body` or `text`, and more), also .gz and .zst; folders; `-`
    warc       WARC and WACZ archives, a record at a time
    web        lists of addresses, the sitemaps of a site, a feed's own history
    record     the stored articles

Each source is a stream of volumes with names that do not change; what is done is remembered by these names. A volume is
cut into shards, where it can be cut: a shard says where its documents stand, so that any process that sees the file can
open it. What can only be read from its beginning is read here, and its shards carry their documents. A document that
cannot be read is a document all the same, with its fault: nothing is lost in silence.
"""

from monitor.archives.files import addresses, documents, files, inside
from monitor.archives.parts import Document, Piece, Shard, Volume

__all__ = ["Document", "Piece", "Shard", "Volume", "addresses", "documents", "files", "inside"]
