"""Facts in, lines out: one canonical line for each request, and the reasons of each refusal.

Promises: a line is one JSON object on standard output; a secret has no field to stand in. Refuses
to know: what a request means.
"""

from pratique.observability.lines import LineLog

__all__ = ["LineLog"]
