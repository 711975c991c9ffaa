"""Imported by the process that the soak's lives are forked from, so that none of them waits for its libraries."""

from monitor.model import Channel, Secret
from monitor.notify import Notifier
from tests.acceptance import soak

Notifier([Channel(name="warm", url=Secret("json://localhost"))])
WARM = soak.life
