"""eBay's Notification API: destinations, subscriptions, and the key that signs notifications.

A destination is tested by a challenge while it is made, by a request from here to its address;
`tests_addresses` off leaves that out.
"""

import hashlib
import itertools
import secrets
from collections.abc import Callable
from typing import Any

import httpx2
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.hooks import HookRecord, Hooks
from sandbox.oauth import Grant
from sandbox.webhooks import EBAY_KEY

BASE = "/commerce/notification/v1"


class EBayNotifications:
    """Notifications of one application; `holder` returns whose token a call carries."""

    def __init__(self, holder: Callable[[Request], Grant | Response]) -> None:
        self.hooks, self.tests_addresses = Hooks("ebay"), True
        self.destinations: dict[str, dict[str, Any]] = {}
        self._holder, self._numbers = holder, itertools.count(1)

    @property
    def routes(self) -> list[Route]:
        """Return the addresses that are answered."""
        return [
            Route(f"{BASE}/public_key/{{key}}", self._public_key),
            Route(f"{BASE}/destination", self._destinations, methods=["GET", "POST"]),
            Route(f"{BASE}/destination/{{number}}", self._change, methods=["PUT"]),
            Route(f"{BASE}/subscription", self._subscriptions, methods=["GET", "POST"]),
            Route(f"{BASE}/subscription/{{number}}", self._delete, methods=["DELETE"]),
        ]

    def mark_down(self) -> None:
        """Send nowhere any more, as after many failures."""
        for destination in self.destinations.values():
            destination["status"] = "MARKED_DOWN"

    def _caller(self, request: Request, *, is_application: bool) -> Grant | Response:
        grant = self._holder(request)
        if isinstance(grant, Response) or bool(grant.accounts) is not is_application:
            return grant
        return JSONResponse({"errors": [{"errorId": 1100, "message": "Access denied"}]}, 403)

    async def _public_key(self, request: Request) -> Response:
        caller = self._caller(request, is_application=True)
        if isinstance(caller, Response):
            return caller
        if request.path_params["key"] != EBAY_KEY.id:
            return JSONResponse({"errors": [{"errorId": 195003}]}, 404)
        return JSONResponse({"key": EBAY_KEY.public, "algorithm": "ECDSA", "digest": "SHA1"})

    async def _destinations(self, request: Request) -> Response:
        caller = self._caller(request, is_application=True)
        if isinstance(caller, Response):
            return caller
        if request.method == "GET":
            shown = [{"destinationId": n, **d} for n, d in self.destinations.items()]
            return JSONResponse({"destinations": shown, "total": len(shown)})
        return await self._tested(await request.json(), str(next(self._numbers)), 201)

    async def _change(self, request: Request) -> Response:
        caller = self._caller(request, is_application=True)
        if isinstance(caller, Response):
            return caller
        return await self._tested(await request.json(), request.path_params["number"], 204)

    async def _tested(self, body: dict[str, Any], number: str, status: int) -> Response:
        config = body["deliveryConfig"]
        url, token = config["endpoint"], config["verificationToken"]
        if self.tests_addresses:
            code = secrets.token_hex(16)
            async with httpx2.AsyncClient(timeout=5) as client:
                answer = await client.get(url, params={"challenge_code": code})
            expected = hashlib.sha256((code + token + url).encode()).hexdigest()
            if answer.status_code != 200 or answer.json() != {"challengeResponse": expected}:
                return JSONResponse({"errors": [{"errorId": 195020}]}, 400)
        self.destinations[number] = body
        return JSONResponse({}, status) if status == 201 else Response(status_code=status)

    async def _subscriptions(self, request: Request) -> Response:
        caller = self._caller(request, is_application=False)
        if isinstance(caller, Response):
            return caller
        seller = caller.accounts[0]
        if request.method == "GET":
            shown = [self._shape(record) for record in self.hooks.of(seller)]
            return JSONResponse({"subscriptions": shown, "total": len(shown)})
        body = await request.json()
        url = self.destinations[body["destinationId"]]["deliveryConfig"]["endpoint"]
        self.hooks.add(seller, [body["topicId"]], url, "")
        return JSONResponse({}, 201)

    async def _delete(self, request: Request) -> Response:
        caller = self._caller(request, is_application=False)
        if isinstance(caller, Response):
            return caller
        self.hooks.records.pop(request.path_params["number"], None)
        return Response(status_code=204)

    def _shape(self, record: HookRecord) -> dict[str, Any]:
        (topic,) = record.topics
        addresses = {d["deliveryConfig"]["endpoint"]: n for n, d in self.destinations.items()}
        return {
            "subscriptionId": record.id,
            "topicId": topic,
            "destinationId": addresses.get(record.url, ""),
            "status": "ENABLED" if record.is_active else "DISABLED",
        }
