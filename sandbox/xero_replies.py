"""The forms of Xero's answers (OpenAPI document of its accounting API, 16.1.0)."""

import time
import uuid
from typing import Any

from starlette.responses import JSONResponse, Response


def ok(what: str, items: list[dict[str, Any]]) -> Response:
    """Answer with some resources."""
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
    """Answer that some resources are not as they must be, each with its errors."""
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
    """Answer that a request cannot be carried out."""
    return JSONResponse({"ErrorNumber": 10, "Type": "Error", "Message": message}, status)


def refused(
    status: int,
    title: str,
    detail: str = "AuthenticationUnsuccessful",
    headers: dict[str, str] | None = None,
) -> Response:
    """Answer that a caller is not let in, as Xero's gateway does."""
    body = {
        "Type": None,
        "Title": title,
        "Status": status,
        "Detail": detail,
        "Instance": str(uuid.uuid4()),
    }
    return JSONResponse(body, status, headers)
