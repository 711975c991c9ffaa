"""URL → page: the one door to the web (aiohttp). Each fetch ends as a `Page` or as a `FetchError`, and in time.

What comes in was written by strangers, so everything here has an end: one deadline over the whole fetch that a drip
cannot stretch, caps on the bytes before and after unpacking, five redirects, and no connection to an address that is
not on the public internet, whoever names it: a feed, a redirect, or a name server that changes its mind.
"""

from monitor.fetch.fetcher import Fetcher

__all__ = ["Fetcher"]
