"""Walmart's webhook subscriptions (`/v3/webhooks/subscriptions`), one a type of event."""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.hooks import HookRecord, Hooks

_PATH = "/v3/webhooks/subscriptions"


class WalmartWebhooks:
    """The subscriptions of sellers; `caller` returns whose call it is."""

    def __init__(self, caller: Callable[[Request], str | None]) -> None:
        self.hooks, self._caller = Hooks("walmart"), caller

    @property
    def routes(self) -> list[Route]:
        """Return the addresses that are answered."""
        return [
            Route(_PATH, self._list, methods=["GET"]),
            Route(_PATH, self._create, methods=["POST"]),
            Route(f"{_PATH}/{{number}}", self._delete, methods=["DELETE"]),
        ]

    async def _list(self, request: Request) -> Response:
        seller = self._caller(request)
        if seller is None:
            return Response(status_code=401)
        return JSONResponse({"events": [_shape(record) for record in self.hooks.of(seller)]})

    async def _create(self, request: Request) -> Response:
        seller = self._caller(request)
        if seller is None:
            return Response(status_code=401)
        made = [
            self.hooks.add(
                seller, [each["eventType"]], each["eventUrl"], each["authDetails"]["clientSecret"]
            )
            for each in (await request.json())["events"]
        ]
        return JSONResponse({"events": [_shape(record) for record in made]})

    async def _delete(self, request: Request) -> Response:
        if self._caller(request) is None:
            return Response(status_code=401)
        self.hooks.records.pop(request.path_params["number"], None)
        return JSONResponse({"message": "Subscription deleted"})


def _shape(record: HookRecord) -> dict[str, Any]:
    (topic,) = record.topics
    return {
        "eventType": topic,
        "subscriptionId": record.id,
        "partnerId": record.account,
        "eventVersion": "V1",
        "resourceName": "ORDER",
        "eventUrl": record.url,
        "status": "ACTIVE" if record.is_active else "INACTIVE",
    }
