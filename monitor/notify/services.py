"""apprise: reads every address, and carries plain text to the services that have no door of their own."""

from __future__ import annotations

import logging
import threading
import warnings
from functools import lru_cache
from typing import Self

import apprise

from monitor.model import Channel, Message
from monitor.notify.attempt import Attempt, Refused
from monitor.notify.overheard import listening

# No pictures from elsewhere in a message, and no redirect: that is how a POST gets lost.
_ASSET = apprise.AppriseAsset(
    app_id="monitor",
    app_desc="monitor",
    app_url="",
    image_url_mask="",
    image_url_logo="",
    http_redirects=False,
    secure_logging=True,
)


def send(channel: Channel, message: Message, attempt: Attempt) -> str:
    """Send plain text. Raises Refused."""
    plugin = plugin_of(channel)
    with listening(attempt) as heard, _Complaints() as complaints:
        taken = plugin.notify(title=message.title, body=message.text, body_format=apprise.NotifyFormat.TEXT)
    if not taken:
        raise heard.refusal(complaints.last)
    return f"{heard.status} {heard.body[:200]}".strip() if heard.status else "sent"


def plugin_of(channel: Channel) -> apprise.NotifyBase:
    """Return apprise's own object for an address. Raises Refused when apprise does not know what it means."""
    plugin = _plugin(channel.url.reveal() if channel.url else "")
    if plugin is None:
        raise Refused("apprise does not understand this address", retry=False)
    return plugin


@lru_cache(maxsize=1)
def _load() -> None:
    """Let apprise read all its plugins, which takes a second: not before an address needs one.

    One of them asks for a module that Python 3.13 no longer has (and brings its own there); that is no news for us.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        apprise.Apprise.instantiate("json://localhost")


@lru_cache(maxsize=256)
def _plugin(address: str) -> apprise.NotifyBase | None:
    _load()
    plugin = apprise.Apprise.instantiate(address, asset=_ASSET, suppress_exceptions=True)
    if isinstance(plugin, apprise.NotifyBase):
        plugin.redirects = False  # also where the address asks for them
        return plugin
    return None


def fault_of(channel: Channel) -> str:
    """Return what is wrong with a channel's address, "" when it can be used. Nothing is sent."""
    if channel.url is None or channel.kind == "slack":
        return ""
    return "" if _plugin(channel.url.reveal()) else "apprise does not understand this address"


class _Complaints(logging.Handler):
    """What apprise complains of in this thread: the only place where it says why."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.last = ""
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self.last = record.getMessage()

    def __enter__(self) -> Self:
        logging.getLogger("apprise").addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger("apprise").removeHandler(self)


def keep_quiet() -> None:
    """Keep tokens out of the logs: what apprise and urllib3 say at DEBUG holds whole addresses.

    What apprise complains of becomes the reason of a DeliveryError, with the secrets masked.
    """
    for name, level in (
        ("apprise", logging.WARNING),
        ("urllib3", logging.ERROR),
        ("urllib3.connectionpool", logging.ERROR),
    ):
        logging.getLogger(name).setLevel(level)
    logging.getLogger("apprise").propagate = False
    if not logging.getLogger("apprise").handlers:
        logging.getLogger("apprise").addHandler(logging.NullHandler())
