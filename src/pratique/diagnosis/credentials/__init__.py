"""Reads where clients look for credentials, and what is there.

It promises to follow each client's own rules of precedence, key by key, and to turn whatever is
broken into a fault in words: nothing that a file holds raises, and no secret is in any words. It
runs the credential helpers of the image's host and `kubectl get`, writes nothing, and refuses to
know the network.
"""

from pratique.diagnosis.credentials.reading import read_credentials

__all__ = ["read_credentials"]
