"""Where a request comes in: the server's own objects, and who stands behind the request.

Promises: handlers see values only; a client that goes away in mid-body is told as that; every
request gets an answer, every refusal of the law an id and a line in the log. Refuses to know:
routes.
"""

from pratique.http.edge.entrance import Arrival, Entrance, Turned
from pratique.http.edge.rsgi import RsgiEdge

__all__ = ["Arrival", "Entrance", "RsgiEdge", "Turned"]
