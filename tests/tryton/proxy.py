"""A way to a server of somebody else's, so that faults can be laid on it."""

import httpx2
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send


def way_to(url: str) -> ASGIApp:
    """An application that hands every request on to the server at `url`."""

    async def hand_on(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        passed = {"authorization", "content-type", "accept"}
        async with httpx2.AsyncClient(verify=False, timeout=120) as client:
            answer = await client.request(
                request.method,
                f"{url}{request.url.path}",
                content=await request.body(),
                headers={n: v for n, v in request.headers.items() if n in passed},
            )
        kind = answer.headers.get("content-type")
        await Response(answer.content, answer.status_code, media_type=kind)(scope, receive, send)

    return hand_on
