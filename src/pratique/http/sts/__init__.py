"""The built-in directory's endpoints, in the shape of Entra ID's: discovery, keys, tokens.

Promises: client libraries that were written for Entra ID work unchanged once they are told this
address; a token is made only for who proved to be somebody, and dies with the proof. Refuses to
know: what its tokens open.
"""

from pratique.http.sts.device_page import DevicePage
from pratique.http.sts.endpoint import Sts

__all__ = ["DevicePage", "Sts"]
