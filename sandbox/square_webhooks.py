"""Square's webhook subscriptions, which the application's own access token makes."""

import secrets
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.hooks import HookRecord, Hooks
from sandbox.oauth import Grant

_PATH = "/v2/webhooks/subscriptions"


class SquareWebhooks:
    """Subscriptions of an application; `takes_grants` lets sellers' tokens make them, too."""

    def __init__(self, holder: Callable[[Request], Grant | Response]) -> None:
        self.hooks, self.takes_grants = Hooks("square"), True
        self._holder = holder

    @property
    def routes(self) -> list[Route]:
        """Return the addresses that are answered."""
        return [
            Route(_PATH, self._list, methods=["GET"]),
            Route(_PATH, self._create, methods=["POST"]),
            Route(f"{_PATH}/{{number}}", self._delete, methods=["DELETE"]),
        ]

    def _refused(self, request: Request) -> Response | None:
        holder = self._holder(request)
        if isinstance(holder, Response):
            return holder
        if self.takes_grants:
            return None
        error = {"category": "AUTHENTICATION_ERROR", "code": "FORBIDDEN"}
        return JSONResponse({"errors": [error]}, 403)

    async def _list(self, request: Request) -> Response:
        shown = [_shape(record) for record in self.hooks.records.values()]
        return self._refused(request) or JSONResponse({"subscriptions": shown} if shown else {})

    async def _create(self, request: Request) -> Response:
        refused = self._refused(request)
        if refused is not None:
            return refused
        body = (await request.json())["subscription"]
        key = secrets.token_urlsafe(16)
        record = self.hooks.add("", body["event_types"], body["notification_url"], key)
        return JSONResponse({"subscription": {**_shape(record), "signature_key": key}})

    async def _delete(self, request: Request) -> Response:
        refused = self._refused(request)
        if refused is None:
            self.hooks.records.pop(request.path_params["number"], None)
        return refused or JSONResponse({})


def _shape(record: HookRecord) -> dict[str, Any]:
    return {
        "id": record.id,
        "name": "Daybook",
        "enabled": record.is_active,
        "event_types": sorted(record.topics),
        "notification_url": record.url,
        "api_version": "2026-09-16",
    }
