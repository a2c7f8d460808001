"""The refusals of this room."""


class InvalidName(ValueError):
    """A text is not a name of the wanted kind.

    Attributes:
        kind: the domain noun, for example `repository name`.
        text: what was given, shortened and made printable.
    """

    def __init__(self, kind: str, text: str, rule: str) -> None:
        self.kind = kind
        self.text = printable(text)
        super().__init__(f"`{self.text}` is not a {kind}: {rule}")


class UnsupportedDigestAlgorithm(InvalidName):
    """A digest is well formed but of an algorithm that this registry does not compute."""


def printable(text: str, limit: int = 80) -> str:
    """`text` without control characters and no longer than `limit`, fit for a message."""
    safe = "".join(c if c.isprintable() else "?" for c in text[: limit + 1])
    return safe if len(safe) <= limit else safe[: limit - 1] + "…"
