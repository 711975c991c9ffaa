"""A daemon that reads the news and says when a rule matches, and why."""

__version__ = "0.1.0"
