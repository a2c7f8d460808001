"""Answers held against the document that describes them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import jsonschema

from pratique.http.documents.endpoint import MAKERS
from pratique.http.wire.messages import Response
from pratique.testing.registry_in_memory import RegistryInMemory

Document = dict[str, Any]


def document_of(path: str) -> Document:
    """A document as it is sent."""
    made: Document = json.loads(json.dumps(MAKERS[path]()))
    return made


@dataclass
class Judge:
    """Holds answers against one document.

    Attributes:
        succeeded: operations of which an answer with a described success was seen.
    """

    document: Document
    succeeded: set[str] = field(default_factory=set)

    def operation(self, method: str, path: str) -> dict[str, Any]:
        """What the document says of a request.

        Raises:
            AssertionError: nothing.
        """
        found: list[dict[str, Any]] = []
        for template, at in self.document["paths"].items():
            pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))
            if method.lower() in at and re.fullmatch(pattern, path):
                # A path without variable parts is the one that is meant.
                found.insert(0 if "{" not in template else len(found), at[method.lower()])
        assert found, f"the document does not have {method} {path}"
        return found[0]

    def judge(self, method: str, path: str, response: Response) -> None:
        """Hold an answer against the document.

        Raises:
            AssertionError: its status is not described.
            jsonschema.ValidationError: its body is not what is described.
        """
        operation = self.operation(method, path)
        described = operation["responses"].get(str(response.status))
        assert described is not None, f"{method} {path} answered {response.status}"
        described = self._followed(described)
        content = described.get("content", {})
        if "application/json" not in content:
            assert not response.body, f"{method} {path} has a body that is not described"
        else:
            kinds = [value for name, value in response.headers if name == "content-type"]
            assert kinds == ["application/json; charset=utf-8"]
            schema = content["application/json"]["schema"]
            root = {**schema, "components": self.document["components"]}
            jsonschema.Draft202012Validator(root).validate(json.loads(response.body))
        if response.status < 300:
            self.succeeded.add(operation["operationId"])

    def _followed(self, described: dict[str, Any]) -> dict[str, Any]:
        reference = described.get("$ref")
        if reference is None:
            return described
        found: dict[str, Any] = self.document["components"]["responses"][
            reference.rpartition("/")[2]
        ]
        return found


@dataclass(frozen=True)
class Calls:
    """Calls of the management API by the owner of the folder, each held against the document."""

    registry: RegistryInMemory
    judge: Judge

    async def __call__(self, method: str, address: str, content: Any = None, **query: str) -> Any:
        """The JSON of a call that succeeds."""
        path = f"/api/v1{address}"
        text = "&".join(f"{name}={quote(value)}" for name, value in query.items())
        body = b"" if content is None else json.dumps(content).encode()
        response = await self.registry.ask(
            method,
            f"{path}?{text}",
            headers={"content-type": "application/json"},
            body=body,
            inside=True,
        )
        assert response.status < 300, f"{method} {path}: {response.status} {response.body!r}"
        self.judge.judge(method, path, response)
        return json.loads(response.body)
