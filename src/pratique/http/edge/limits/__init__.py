"""How many requests one identity and one address may send in a minute, and what refuses more.

Promises: nobody is refused for what somebody else sent; what is counted takes a fixed amount of
memory, whatever clients send; without limits nothing here is on the way of a request. Refuses to
know: what a request does, and how somebody proved who they are.
"""

from pratique.http.edge.limits.classes import RequestClass, Whose, class_of
from pratique.http.edge.limits.limiter import Limiter, Purse
from pratique.http.edge.limits.presets import PRESETS, Limits, UnknownLimit
from pratique.http.edge.limits.table import SharedBuckets

__all__ = [
    "PRESETS",
    "Limiter",
    "Limits",
    "Purse",
    "RequestClass",
    "SharedBuckets",
    "UnknownLimit",
    "Whose",
    "class_of",
]
