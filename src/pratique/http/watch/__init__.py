"""What machines look at: whether the server lives and is ready, and its metrics.

Promises: answers that cost little and tell little: `/livez` and `/readyz` name failing parts and
nothing else; metrics are shown on an address of their own alone. Refuses to know: who asks.
"""

from pratique.http.watch.exposition import exposition
from pratique.http.watch.listener import MetricsListener
from pratique.http.watch.probes import Probes

__all__ = ["MetricsListener", "Probes", "exposition"]
