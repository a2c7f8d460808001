"""The walk: each step in its order, as far as it leads, and what was seen on the way.

It promises to send nothing to a host that a client would not ask for this image, to send a
credential only where that client sends it, and to end: every step is bounded in count, size and
time.
"""

from pratique.diagnosis.walk.examining import Explain, examine

__all__ = ["Explain", "examine"]
