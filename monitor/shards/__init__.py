"""A part of the past, looked at anywhere: here, in processes beside us, on a cluster. What comes of it is always the same.

    look       shard + rules → looks: the one function, wherever it runs
    engines    who calls it: this process, or several that may die
    cluster    … or a Dask cluster (an extra)

A shard travels as the small key that it is, the rules travel once to each process, and looks come back; nobody but the
driver writes.
"""

from monitor.shards.engines import Engine, Here, LostError, Processes
from monitor.shards.look import Lens, Look, Order, Packed, Span, looked, packed, settled

__all__ = [
    "Engine", "Here", "Lens", "Look", "LostError", "Order", "Packed", "Processes", "Span", "looked", "packed", "settled",
]  # fmt: skip
