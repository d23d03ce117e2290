"""Bulk operations of an emulated shop: queries that are carried out aside, and their files.

Shapes: the Admin schema 2026-10 and Shopify's page on bulk operations. One operation runs at a
time; it has ended when it is looked at for the second time.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response


@dataclass
class BulkOperation:
    """An operation: its file, and how often it was looked at."""

    id: str
    content: bytes
    error: str | None = None
    looks: int = 0

    @property
    def is_running(self) -> bool:
        """Return whether it has not ended yet."""
        return self.looks < 2

    def as_seen(self, base: str) -> dict[str, Any]:
        """Return what a look at it says; an empty result has no file."""
        self.looks += 1
        if self.is_running:
            return {"id": self.id, "status": "RUNNING", "errorCode": None, "url": None}
        if self.error is not None:
            return {"id": self.id, "status": "FAILED", "errorCode": self.error, "url": None}
        url = f"{base}/bulk/{self.id.rpartition('/')[2]}.jsonl" if self.content else None
        return {"id": self.id, "status": "COMPLETED", "errorCode": None, "url": url}


@dataclass
class BulkDesk:
    """The operations of all shops by their ids; `fails` is the error that the next ends in."""

    operations: dict[str, BulkOperation] = field(default_factory=dict)
    refuses: bool = False
    fails: str | None = None

    def run(
        self, query: str, carry_out: Callable[[str], Mapping[str, Any] | None], *, is_denied: bool
    ) -> dict[str, Any]:
        """Begin an operation, if none is running."""
        if self.refuses:
            return _refusal("INVALID")
        if any(operation.is_running for operation in self.operations.values()):
            return _refusal("OPERATION_IN_PROGRESS")
        number = f"gid://shopify/BulkOperation/{7_200 + len(self.operations)}"
        error = "ACCESS_DENIED" if is_denied else self.fails
        lines = () if error else _lines(carry_out(query) or {})
        content = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        self.operations[number] = BulkOperation(number, content, error)
        return {"bulkOperation": {"id": number, "status": "CREATED"}, "userErrors": []}

    async def download(self, request: Request) -> Response:
        """Answer the address of a file, which is good for whoever has it, and takes no token."""
        number = f"gid://shopify/BulkOperation/{request.path_params['number']}"
        if number not in self.operations or "x-shopify-access-token" in request.headers:
            return Response(None, 400)
        return Response(self.operations[number].content, media_type="application/jsonl")


def _refusal(code: str) -> dict[str, Any]:
    error = {"code": code, "message": "A bulk operation cannot be run now."}
    return {"bulkOperation": None, "userErrors": [error]}


def _lines(data: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every node of a result: a parent first, and those inside it with its id."""
    for connection in data.values():
        for edge in connection["edges"]:
            node = edge["node"]
            inner = {k: v for k, v in node.items() if isinstance(v, dict) and "edges" in v}
            yield {k: v for k, v in node.items() if k not in inner}
            for line in _lines(inner):
                yield {**line, "__parentId": node["id"]}
