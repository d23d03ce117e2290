"""All errors in one JSON shape: a line that says what is wrong, and the fields it is about."""

import math
from collections.abc import Sequence
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match, Route

from connectors.accounts.account_choice import Undecided
from connectors.accounts.broker import NeedsReconnection
from connectors.errors import BadInput, DaybookError, RateLimited, Transient
from connectors.home.redaction import redacted
from connectors.http import AccessRefused


class Problem(BaseModel):
    """`confirm` asks for the password again; `connection` waits for what is still to be chosen."""

    error: str
    fields: dict[str, str] | None = None
    confirm: bool | None = None
    connection: str | None = None


class ProblemError(Exception):
    """An answer that is no success, with its status."""

    def __init__(self, status: int, problem: Problem) -> None:
        super().__init__(problem.error)
        self.status, self.problem = status, problem


_MEANING: Final = {
    400: "the request cannot be read",
    401: "not signed in",
    403: "the role does not allow it, or the password must be confirmed",
    404: "there is no such thing",
    409: "the account needs its owner, or something is still to be chosen",
    422: "something given cannot be taken; `fields` says which",
    429: "a platform, or the sign-in, asks to wait",
    500: "the home, or Daybook, is at fault",
    502: "the platform refuses, or answers what is of no use",
    503: "the network or the database failed; trying again may help",
}
RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    status: {"model": Problem, "description": meaning} for status, meaning in _MEANING.items()
}
RESPONSES[429]["headers"] = {
    "Retry-After": {"description": "seconds", "schema": {"type": "integer", "minimum": 0}}
}
# A tag of routes that call platforms: untyped failures there are the platform's.
ASKS_A_PLATFORM: Final = "connecting"
_WORDS: Final = {404: "there is no such address", 405: "this address does not take this method"}


def not_found(line: str) -> ProblemError:
    """Return the error of something that is not there."""
    return ProblemError(404, Problem(error=line))


def install(api: FastAPI, routes: Sequence[BaseRoute]) -> None:
    """Answer every error of an application with these routes in this shape."""

    @api.exception_handler(ProblemError)
    async def refused(_request: Request, error: ProblemError) -> JSONResponse:
        return _answer(error.status, error.problem)

    @api.exception_handler(DaybookError)
    async def typed(request: Request, error: DaybookError) -> JSONResponse:
        headers = {}
        if isinstance(error, RateLimited):
            headers["Retry-After"] = str(math.ceil(error.retry_after))
        remote = ASKS_A_PLATFORM in getattr(request.scope.get("route"), "tags", ())
        return _answer(_status(error, remote=remote), Problem(error=str(error)), headers)

    @api.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        fields: dict[str, str] = {}
        for one in error.errors():
            fields.setdefault(_where(one), one["msg"].removeprefix("Value error, "))
        line = "; ".join(f"{name}: {message}" for name, message in fields.items())
        return _answer(422, Problem(error=line, fields=fields))

    @api.exception_handler(HTTPException)
    async def spoken(request: Request, error: HTTPException) -> JSONResponse:
        line = _WORDS.get(error.status_code, error.detail)
        headers = dict(error.headers or {})
        # RFC 9110, 15.5.6: a 405 must list the allowed methods, over all routes of the path.
        if error.status_code == 405:
            headers["Allow"] = ", ".join(sorted(_methods(routes, request)))
        return _answer(error.status_code, Problem(error=line), headers)

    @api.exception_handler(Exception)
    async def fault(_request: Request, error: Exception) -> JSONResponse:
        # The log has the text, which may be long and contain data.
        line = f"a fault of Daybook ({type(error).__name__}): its log says more"
        return _answer(500, Problem(error=line))


def _methods(routes: Sequence[BaseRoute], request: Request) -> set[str]:
    """Return every method that an address takes; each of them is a route of its own."""
    return {
        method
        for route in routes
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE
        for method in route.methods or ()
    }


def _status(error: DaybookError, *, remote: bool) -> int:
    match error:
        case NeedsReconnection() | AccessRefused() | Undecided():
            return 409
        case BadInput():
            return 422
        case RateLimited():
            return 429
        case Transient():
            return 503
    # Where a platform is called, an untyped failure is its response and not our fault.
    return 502 if remote else 500


def _where(error: dict[str, Any]) -> str:
    """Return the field as it is written in the request; the whole body where it is no JSON."""
    place, *names = error["loc"]
    return str(place) if error["type"] == "json_invalid" else ".".join(map(str, names)) or place


def _answer(status: int, problem: Problem, headers: dict[str, str] | None = None) -> JSONResponse:
    shown = problem.model_dump(exclude_none=True)
    shown["error"] = _sendable(redacted(" ".join(problem.error.split())))
    if problem.fields is not None:
        shown["fields"] = {
            _sendable(name): _sendable(redacted(message))
            for name, message in problem.fields.items()
        }
    return JSONResponse(shown, status, headers)


def _sendable(text: str) -> str:
    """Return JSON may name a lone half of a surrogate pair, which no answer can repeat."""
    # A lone surrogate from a request's JSON can't be encoded in the response.
    return text.encode("utf-8", "replace").decode()
