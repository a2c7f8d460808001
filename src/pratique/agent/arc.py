"""The form of Azure Arc (reference 8.3): proved by a file that one group may read."""

from __future__ import annotations

from typing import Final

from pratique.agent import imds
from pratique.agent.challenges import Challenges
from pratique.agent.choosing import NotAdmitted, NotMeant, chosen, wanted_of
from pratique.agent.identities import HostedIdentity
from pratique.agent.messages import Response
from pratique.agent.visit import Visit

VERSIONS: Final = frozenset({"2019-11-01", "2020-06-01"})
_SCHEME = "basic "


def offered(identities: tuple[HostedIdentity, ...]) -> bool:
    """Whether any identity is to be had by this form."""
    return any(identity.challenge_group is not None for identity in identities)


async def answer(visit: Visit, challenges: Challenges) -> Response:
    """The answer to a request of this form, whose `Metadata` header was looked at before."""
    candidates = [i for i in visit.identities if i.challenge_group is not None]
    try:
        identity = chosen(candidates, wanted_of(visit.request.query, imds.PARAMETERS))
    except NotAdmitted as refusal:
        return imds.error(403, "access_denied", str(refusal))
    except NotMeant as refusal:
        return imds.error(400, "invalid_request", str(refusal))
    shown = visit.request.headers.get("authorization")
    if shown is None:
        return await _challenged(identity, challenges)
    proof = shown[len(_SCHEME) :].strip() if shown.lower().startswith(_SCHEME) else ""
    if challenges.redeem(proof) != identity.client_id:
        # No new file is made for a wrong answer: a client would try again for ever.
        return imds.error(
            401, "unauthorized_client", "the challenge is unknown, used, too old or for another id"
        )
    return await imds.given(visit, identity)


async def _challenged(identity: HostedIdentity, challenges: Challenges) -> Response:
    try:
        path = await challenges.issue(identity)
    except OSError:
        return imds.error(500, "unknown", "the agent cannot write challenge files")
    return imds.error(
        401,
        "unauthorized_client",
        "show what is in the file",
        (("WWW-Authenticate", f"Basic realm={path}"),),
    )
