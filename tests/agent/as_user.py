"""A programme that becomes another user of this host and asks the agent as that user.

Standard input has one JSON object: `user`, `group`, `groups`, and `steps`. Each step is a list:
`["get", WHERE, TARGET, HEADERS]` asks, where WHERE is a port or the path of a socket;
`["read", PATH]` reads a file; `["connect", [ADDRESS, PORT], SOURCE]` connects and waits until
standard input is closed. Standard output has a line of JSON for each step.
"""

from __future__ import annotations

# The interpreter may be out of reach for the other user: what is loaded late is loaded now.
import encodings.idna  # noqa: F401
import http.client
import json
import os
import socket
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    """Do all steps as the other user."""
    told = json.loads(sys.stdin.readline())
    os.setgroups(told["groups"])
    os.setgid(told["group"])
    os.setuid(told["user"])
    for step in told["steps"]:
        print(json.dumps(_done(step)), flush=True)  # noqa: T201 - its only way to speak


def _done(step: list[Any]) -> Any:
    match step:
        case ["get", where, target, headers]:
            return _got(where, target, headers)
        case ["read", path]:
            try:
                return Path(path).read_bytes().decode()
            except OSError as error:
                return {"errno": error.errno}
        case ["connect", [address, port], source]:
            with socket.socket() as connection:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                connection.bind(tuple(source))
                connection.connect((address, port))
                print(json.dumps("connected"), flush=True)  # noqa: T201
                return sys.stdin.read()
    raise ValueError(step)


def _got(where: int | str, target: str, headers: dict[str, str]) -> dict[str, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", 80 if isinstance(where, str) else where)
    if isinstance(where, str):
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(where)
        headers = {"Host": "localhost", **headers}
    try:
        connection.request("GET", target, headers=headers)
        answer = connection.getresponse()
        return {
            "status": answer.status,
            "content": json.loads(answer.read()),
            "challenge": answer.headers.get("WWW-Authenticate"),
        }
    finally:
        connection.close()


if __name__ == "__main__":
    main()
