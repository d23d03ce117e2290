"""The shapes of Xero's answers about accounting: items, items refused, and a call refused."""

import time
import uuid
from typing import Any

from starlette.responses import JSONResponse, Response


def ok(what: str, items: list[dict[str, Any]]) -> Response:
    """Return items as Xero answers them."""
    return JSONResponse(
        {
            "Id": str(uuid.uuid4()),
            "Status": "OK",
            "ProviderName": "Daybook",
            "DateTimeUTC": f"/Date({int(time.time() * 1000)})/",
            what: items,
        }
    )


def validation(items: list[dict[str, Any]]) -> Response:
    """Return items that Xero refuses, with its errors beside each."""
    return JSONResponse(
        {
            "ErrorNumber": 10,
            "Type": "ValidationException",
            "Message": "A validation exception occurred",
            "Elements": items,
        },
        400,
    )


def problem(message: str, status: int = 400) -> Response:
    """Return a refusal of a whole call."""
    return JSONResponse({"ErrorNumber": 10, "Type": "Error", "Message": message}, status)
