"""Rows to one OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from http import HTTPStatus
from itertools import count
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin

import msgspec

from pratique.http.documents.described import PART, Described, Told
from pratique.http.wire.queries import parameter_type

_REFERENCE: Final = "#/components/schemas/{name}"
_JSON: Final = "application/json"


def document(
    title: str,
    description: str,
    rows: Iterable[Described],
    parts: Mapping[str, str],
    schemes: Mapping[str, Mapping[str, str]],
    version: str,
) -> dict[str, Any]:
    """The document.

    Args:
        title: of the API.
        description: of the API.
        rows: every operation.
        parts: what each variable part of a path is.
        schemes: how callers prove who they are.
        version: of the software.

    Raises:
        LookupError: a row has a part or a scheme that is not explained.
    """
    every = tuple(rows)
    schemas, components = _schemas(every)
    failures = _Failures(schemas)
    paths: dict[str, dict[str, Any]] = {}
    for row in every:
        at = paths.setdefault(PART.sub(r"{\1}", row.template), {})
        at[row.method.lower()] = _operation(row, parts, schemas, failures)
    used = {name for row in every for name in row.security}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": version,
            "description": description,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in sorted({row.tag for row in every})],
        "paths": paths,
        "components": {
            "schemas": components,
            "responses": failures.components,
            "securitySchemes": {name: schemes[name] for name in sorted(used)},
        },
    }


def _schemas(rows: tuple[Described, ...]) -> tuple[dict[Any, dict[str, Any]], dict[str, Any]]:
    """The schema of every type that rows take or give, and the named ones that these refer to."""
    kinds: dict[Any, None] = {}
    for row in rows:
        wanted = (row.body, *(told.content for told in row.answers.values()))
        kinds |= dict.fromkeys(kind for kind in wanted if kind is not None)
    single = list(dict.fromkeys(one for kind in kinds for one in _choices(kind)))
    found, components = msgspec.json.schema_components(single, ref_template=_REFERENCE)
    schemas = dict(zip(single, found, strict=True))
    for kind in kinds:
        if kind not in schemas:
            schemas[kind] = {"anyOf": [schemas[one] for one in _choices(kind)]}
    return schemas, dict(sorted(components.items()))


def _choices(kind: Any) -> tuple[Any, ...]:
    """The types of a union; the type itself when it is none."""
    return get_args(kind) if get_origin(kind) in {Union, UnionType} else (kind,)


class _Failures:
    """The answers that are failures: many rows share each, so each is written once.

    Args:
        schemas: of every type.
    """

    def __init__(self, schemas: Mapping[Any, dict[str, Any]]) -> None:
        self._schemas = schemas
        self.components: dict[str, Any] = {}

    def reference(self, status: int, answer: Told) -> dict[str, Any]:
        """Where the answer stands, written down if it is the first of its kind."""
        wanted = _response(status, answer, self._schemas)
        for number in count(1):
            name = f"Status{status}" + (f"-{number}" if number > 1 else "")
            if self.components.setdefault(name, wanted) == wanted:
                break
        return {"$ref": f"#/components/responses/{name}"}


def _operation(
    row: Described,
    parts: Mapping[str, str],
    schemas: Mapping[Any, dict[str, Any]],
    failures: _Failures,
) -> dict[str, Any]:
    told = [row.remarks] if row.remarks else []
    if row.permission:
        told.append(f"Needs the permission `{row.permission}` {row.asked_at}.")
    operation: dict[str, Any] = {
        "operationId": row.name,
        "summary": row.summary,
        "tags": [row.tag],
        "parameters": [*(_part(name, parts[name]) for name in row.parts), *_parameters(row.query)],
        "responses": {
            str(status): failures.reference(status, answer)
            if status >= HTTPStatus.BAD_REQUEST
            else _response(status, answer, schemas)
            for status, answer in row.answers.items()
        },
        "security": [{name: []} for name in row.security],
    }
    if told:
        operation["description"] = "\n\n".join(told)
    if row.permission:
        operation["x-permission"] = row.permission
    if row.body is not None:
        content = {_JSON: {"schema": schemas[row.body]}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _part(name: str, words: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": words,
        "schema": {"type": "string", "minLength": 1, "pattern": "^[^/]+$"},
    }


@cache
def _parameters(query: type[msgspec.Struct]) -> tuple[dict[str, Any], ...]:
    fields = msgspec.structs.fields(query)
    schemas, _ = msgspec.json.schema_components([parameter_type(f.type) for f in fields])
    return tuple(
        {
            "name": field.encode_name,
            "in": "query",
            "required": field.required,
            "schema": _with_default(schema, field.default),
        }
        for field, schema in zip(fields, schemas, strict=True)
    )


def _with_default(schema: dict[str, Any], default: Any) -> dict[str, Any]:
    given = default is not msgspec.NODEFAULT and default is not None
    return {**schema, "default": default} if given else schema


def _response(status: int, answer: Told, schemas: Mapping[Any, dict[str, Any]]) -> dict[str, Any]:
    response: dict[str, Any] = {"description": answer.words or HTTPStatus(status).phrase}
    if answer.headers:
        response["headers"] = {
            name: {"description": words, "schema": {"type": "string"}}
            for name, words in answer.headers.items()
        }
    if answer.content is not None:
        response["content"] = {_JSON: {"schema": schemas[answer.content]}}
    return response
