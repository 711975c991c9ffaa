"""Pages as outlets of many kinds would serve them, in four languages: articles, and what stands in their place.

Nothing in here is any publisher's: words, names and templates were made up. `ARTICLES` and `WALLS` give each page by
its name, as (language, how it is made); `article(kind, language)` and `wall(kind, language)` make it.
"""

from tests.outlets.articles import ARTICLES, article
from tests.outlets.walls import WALLS, wall

__all__ = ["ARTICLES", "WALLS", "article", "wall"]
