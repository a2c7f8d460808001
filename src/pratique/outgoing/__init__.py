"""Outgoing HTTP: the only room that asks other servers anything.

Promises: only addresses that were looked up and found permitted are connected to; no redirect is
followed; every answer is bounded in time and size. Refuses to know: what an answer is good for.
"""

from pratique.outgoing.discovery import DiscoveredKeys

__all__ = ["DiscoveredKeys"]
