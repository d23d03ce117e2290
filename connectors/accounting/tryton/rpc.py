"""JSON-RPC of a Tryton server: calls, values that JSON lacks, and errors as Daybook's.

Facts: trytond 8.2 (protocols/jsonrpc.py, exceptions.py). Errors come with a 200: their first word
is a kind, the second what a user is shown. Dates, Decimals and bytes are objects with a
`__class__`.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

import httpx2
import orjson

from connectors.accounts.platform import Access
from connectors.errors import Permanent, Transient
from connectors.http import AccessRefused, Remote
from connectors.http.guard import Guard
from connectors.http.shape import readable

TITLE: Final = "Tryton"
_LONGEST: Final = 300
Record = dict[str, Any]


class TrytonRefusal(Permanent):
    """A refusal of Tryton's, in its own words and in the user's language."""


class TrytonServer:
    """One database of a server. `context` goes along with every call, such as the company."""

    def __init__(
        self, access: Access, auth: httpx2.Auth, context: Mapping[str, object] | None = None
    ) -> None:
        """Open nothing: each call has a connection of its own."""
        self._access, self._auth, self._context = access, auth, dict(context or {})

    def call(self, method: str, *params: object) -> Any:
        """Return a method's result; errors of `Remote.call`, and `TrytonRefusal`."""
        request = {"id": 0, "method": method, "params": [*params, self._context]}
        content = orjson.dumps(request, default=_plain, option=orjson.OPT_PASSTHROUGH_DATETIME)
        guard = Guard(self._access.private_hosts)
        with Remote(TITLE, self._auth, error_for=error_for, transport=guard) as server:
            answer = server.post(
                self._access.url("server", "/rpc/"),
                content=content,
                headers={"Content-Type": "application/json"},
            )
        with readable(TITLE):
            return _valued(answer["result"])

    def search(self, model: str, domain: Sequence[object], fields: Sequence[str]) -> list[Record]:
        """Return every record of a model that a domain fits, oldest first."""
        order = [["id", "ASC"]]
        method = f"model.{model}.search_read"
        records: list[Record] = self.call(method, domain, 0, None, order, fields)
        return records


def error_for(response: httpx2.Response) -> Exception | None:
    """Return the error that an answer of status 200 states."""
    if not response.is_success:
        return None
    try:
        error = response.json().get("error")
    except (ValueError, AttributeError):
        return None
    return _stated(*(*error, None, None)[:2]) if error else None


def _stated(kind: object, details: object) -> Exception:
    match kind:
        case "UserError":
            return TrytonRefusal(f"{TITLE} refuses it: {_message(details, 0)}")
        case "UserWarning":
            return TrytonRefusal(f"{TITLE} asks first, do it there: {_message(details, 1)}")
        case "ConcurrencyException":
            return Transient(f"{TITLE}: the record was changed meanwhile: try again")
        case "LoginException":
            return AccessRefused(f"{TITLE} wants more than this user's password: take another user")
    # A fault of the server's own, with its words and a trace, of which the words are enough.
    return Permanent(f"{TITLE} fails: {_line(kind)}; see the server's log")


def _message(details: object, place: int) -> str:
    is_listed = isinstance(details, list) and len(details) > place
    return _line(details[place] if is_listed else details)  # type: ignore[index]


def _line(text: object) -> str:
    return " ".join(str(text).split())[:_LONGEST]


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return {"__class__": "Decimal", "decimal": f"{value:f}"}
    if isinstance(value, bytes):
        return {"__class__": "bytes", "base64": b64encode(value).decode()}
    if isinstance(value, date):
        parts = {"year": value.year, "month": value.month, "day": value.day}
        return {"__class__": "date", **parts}
    raise TypeError(f"{type(value).__name__} is nothing that Tryton is sent")


def _valued(value: Any) -> Any:
    """Return an answer with its dates and Decimals as such."""
    if isinstance(value, list):
        return [_valued(each) for each in value]
    if not isinstance(value, dict):
        return value
    if value.get("__class__") == "Decimal":
        return Decimal(value["decimal"])
    if value.get("__class__") == "date":
        return date(value["year"], value["month"], value["day"])
    return {name: _valued(each) for name, each in value.items()}
