"""Webhooks of platforms, which anybody may send: a signature tells who did.

Every answer but a good one is the same: nobody learns what is connected, or what was wrong.
"""

from typing import Final

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.accounts.platforms import PLATFORMS
from connectors.errors import DaybookError
from console.web.context import Console
from console.web.delivery_queue import DeliveryQueue
from pipelines.stages.webhook_inbox import Arrival, WebhookInbox
from pipelines.stages.workspace import Workspace

ADDRESS: Final = "/hooks/{platform}/{slug}"


def add(app: FastAPI, console: Console) -> None:
    """Add the routes."""
    inbox = WebhookInbox(Workspace(console.settings, console.registry))
    shared = DeliveryQueue(inbox)
    # Nobody waits for a platform that is asked for its key.
    own = {
        name: DeliveryQueue(inbox)
        for name, platform in PLATFORMS.items()
        if platform.deliveries is not None and platform.deliveries.public_key is not None
    }

    async def receive(request: Request) -> Response:
        body = await request.body()
        platform, slug = (request.path_params[name] for name in ("platform", "slug"))
        try:
            # Starlette's names of headers are in small letters.
            arrival = Arrival(platform, slug, dict(request.headers), body)
            is_genuine = await own.get(platform, shared).put(arrival)
        except DaybookError:
            # The database does not answer: what is not stored must be sent again.
            return Response(status_code=503, headers={"Retry-After": "60"})
        return Response(status_code=200) if is_genuine else _refused()

    async def challenge(request: Request) -> Response:
        platform, slug = (request.path_params[name] for name in ("platform", "slug"))
        code = request.query_params.get("challenge_code", "")
        try:
            return JSONResponse(dict(await shared.challenge(platform, slug, code)))
        except DaybookError:
            return _refused()

    # Routes of Starlette itself: FastAPI's take longer to read two parameters than all the rest.
    app.add_route(ADDRESS, receive, methods=["POST"])
    app.add_route(ADDRESS, challenge, methods=["GET"])


def _refused() -> Response:
    return JSONResponse({"error": "this is not signed by a connected account"}, 401)
