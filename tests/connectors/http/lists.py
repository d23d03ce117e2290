"""Lists that a server hands out a page at a time, in every way that platforms do it."""

from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import Faulty


@dataclass
class Lists:
    """`items` numbers, `size` a page; `stuck` makes every next page the first again."""

    items: int = 7
    size: int = 3
    stuck: bool = False
    asked: list[str] = field(default_factory=list)

    @property
    def application(self) -> Faulty:
        """The server."""
        return Faulty(
            Starlette(
                routes=[
                    Route(f"/{name}", getattr(self, f"_{name}"), methods=["GET", "POST"])
                    for name in ("page", "counted", "offset", "cursor", "alone", "graphql")
                ]
            )
        )

    def _cut(self, start: int) -> list[int]:
        return list(range(self.items))[start : start + self.size]

    def _next(self, start: int) -> int | None:
        if self.stuck:
            return 0
        following = start + self.size
        return following if following < self.items else None

    async def _page(self, request: Request) -> Response:
        return JSONResponse({"items": self._cut((_asked(request, "page", 1) - 1) * self.size)})

    async def _counted(self, request: Request) -> Response:
        page_items = self._cut((_asked(request, "page", 1) - 1) * self.size)
        return JSONResponse(page_items, headers={"X-Pages": str(-(-self.items // self.size))})

    async def _offset(self, request: Request) -> Response:
        offset = 0 if self.stuck else _asked(request, "offset", 0)
        return JSONResponse({"items": self._cut(offset), "total": self.items})

    async def _cursor(self, request: Request) -> Response:
        assert request.query_params["kind"] == "all"
        start = _asked(request, "cursor", 0)
        following = self._next(start)
        token = None if following is None else str(following)
        return JSONResponse({"items": self._cut(start), "cursor": token})

    async def _alone(self, request: Request) -> Response:
        start = _asked(request, "token", 0)
        assert ("kind" in request.query_params) is ("token" not in request.query_params)
        following = self._next(start)
        token = None if following is None else str(following)
        return JSONResponse({"items": self._cut(start), "token": token})

    async def _graphql(self, request: Request) -> Response:
        start = int((await request.json())["variables"].get("after") or 0)
        following = self._next(start)
        info = {"hasNextPage": following is not None, "endCursor": str(following)}
        return JSONResponse({"data": {"list": {"items": self._cut(start), "pageInfo": info}}})


def _asked(request: Request, name: str, otherwise: int) -> int:
    return int(request.query_params.get(name, otherwise))
