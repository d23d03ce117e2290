"""Answers of TikTok Shop: a code, a message, and mostly the status 200."""

import itertools
from collections.abc import Mapping

from starlette.responses import JSONResponse, Response

# No two answers have the same.
_requests = itertools.count(1)


def success(data: Mapping[str, object]) -> Response:
    """Return an answer that holds data."""
    number = f"2026{next(_requests):012}"
    return JSONResponse({"code": 0, "message": "Success", "data": data, "request_id": number})


def error_answer(code: int, message: str, status: int = 200) -> Response:
    """Return a refusal by its code."""
    text = {"code": code, "message": message, "data": {}, "request_id": "2026B"}
    return JSONResponse(text, status)
