"""The resource manager and the directory's Graph as Azure's own clients speak to them.

A second face on the operations of `http.management`: the same control plane, the same law, the same
words. What stands in each provider's room is what `az` and the SDKs ask for, as far as this server
keeps it; whatever is asked beyond that is refused with a reason, never silently left out.

Promises: every failure has the envelope that these clients print; whoever proved nothing learns no
more than where tokens are to be had. Refuses to know: how a change is decided and kept.
"""

from pratique.http.arm.door import ArmDoor

__all__ = ["ArmDoor"]
