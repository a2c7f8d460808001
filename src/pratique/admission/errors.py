"""Why a change was not made, for reasons other than permission."""

from __future__ import annotations


class ControlError(Exception):
    """A request to the control plane cannot be carried out; the message says what to do."""


class NotFound(ControlError):
    """What the request names is not there."""


class AlreadyExists(ControlError):
    """What the request would make is there already."""


class Unacceptable(ControlError):
    """The request is understood and makes no sense."""
