"""From what was seen to what is wrong: pure functions, one for each cause or family of causes.

A rule promises to speak only where an observation proves its cause, or makes it likely and says so.
It refuses to know how the observation was made.
"""

from pratique.diagnosis.rules.judging import findings_of

__all__ = ["findings_of"]
