"""The catalogue: every cause that the doctor has a name for.

Numbers 1 to 98 are the real root causes that were found in issue threads and vendors' pages,
commonest first. Causes without a number are those of
the Azure CLI at a registry that is not Azure's, and those in which the chain itself ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from pratique.diagnosis.causes_az import AZ
from pratique.diagnosis.causes_common import COMMON
from pratique.diagnosis.causes_own import OWN
from pratique.diagnosis.causes_seldom import SELDOM
from pratique.diagnosis.causes_shape import Cause, Reach

__all__ = ["CAUSES", "Cause", "Reach"]

CAUSES: Final[Mapping[str, Cause]] = MappingProxyType(
    {cause.id: cause for cause in (*COMMON, *SELDOM, *AZ, *OWN)}
)
"""By id: the numbered ones in their order, then the others."""
