"""The help page as a place: what it tells about one refusal, and to whom.

Promises: whoever has the id of a refusal is told what its addressee was told, and no more; the
reasoning is for people who sign in and may read role assignments, asked of the gate as the
management API asks. An id that is unknown, forgotten or no id at all leads to one and the same
page. Refuses to know: how people sign in, and how the law decides.
"""

from pratique.http.help.endpoint import HelpPage

__all__ = ["HelpPage"]
