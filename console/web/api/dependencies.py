"""Dependencies of the routes: the user and their role, the CSRF token, the named resources."""

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Path, Request

from connectors.accounts.platform import Platform
from connectors.accounts.platforms import PLATFORMS, platform_named
from connectors.database.registry import Connection, Role, SignedIn
from connectors.database.registry.models import SLUG_PATTERN
from connectors.errors import BadInput
from console.roles import DESCRIPTIONS, PERMISSIONS, Permission
from console.web.api.problems import Problem, ProblemError, not_found
from console.web.context import Console
from console.web.gate import SAFE
from console.web.sessions import confirmed, csrf_token
from pipelines.stages.workspace import Workspace

CSRF_HEADER: Final = "X-CSRF-Token"


@dataclass(frozen=True, slots=True)
class Caller:
    """A user in a browser, or a program that acts for one: then `cookie` is empty.

    `confirmed` says whether what cannot be undone needs no password now; programs have none.
    """

    name: str
    role: Role
    cookie: str
    confirmed: bool

    def check_confirmed(self, why: str = "this cannot be undone") -> None:
        """Raise `ProblemError` where the password must be given again first."""
        if not self.confirmed:
            line = f"give your password again (POST /api/v1/confirm): {why}"
            raise ProblemError(403, Problem(error=line, confirm=True))

    def check_may(self, permission: Permission) -> None:
        """Raise `ProblemError` where the role lacks the permission."""
        if permission not in PERMISSIONS[self.role]:
            line = f"the role {self.role} may not {DESCRIPTIONS[permission]}"
            raise ProblemError(403, Problem(error=line))

    def session(self) -> str:
        """Return the browser's session; `ProblemError` for a program, which has none."""
        if not self.cookie:
            line = "this is bound to a browser's session: sign in there instead of using a token"
            raise ProblemError(403, Problem(error=line))
        return self.cookie


async def caller(request: Request) -> Caller:
    """Return the user that the gate admitted; `ProblemError` for a request from another site.

    The scheme alone decides between token and cookie, as at the gate.
    """
    who: SignedIn = request.state.who
    scheme = request.headers.get("authorization", "").partition(" ")[0]
    # A token is never sent by a browser on its own, so no other site can forge its request.
    if scheme.lower() == "bearer":
        return Caller(who.name, who.role, "", confirmed=True)
    cookie: str = request.state.cookie
    token = request.headers.get(CSRF_HEADER, "").encode()
    if request.method not in SAFE and not hmac.compare_digest(token, csrf_token(cookie).encode()):
        line = f"send {CSRF_HEADER} with the token that GET /api/v1/me tells"
        raise ProblemError(403, Problem(error=line))
    return Caller(who.name, who.role, cookie, confirmed(who))


def may(permission: Permission) -> Callable[[Caller], Awaitable[Caller]]:
    """Return the user if their role has the permission."""

    async def allowed(asking: Annotated[Caller, Depends(caller)]) -> Caller:
        asking.check_may(permission)
        return asking

    return allowed


async def console_of(request: Request) -> Console:
    """Return the console that is served."""
    console: Console = request.app.state.console
    return console


Here = Annotated[Console, Depends(console_of)]
Reader = Annotated[Caller, Depends(may("read"))]
Syncer = Annotated[Caller, Depends(may("sync"))]
Connector = Annotated[Caller, Depends(may("connect"))]
Mapper = Annotated[Caller, Depends(may("map"))]
Poster = Annotated[Caller, Depends(may("post"))]
Withdrawer = Annotated[Caller, Depends(may("withdraw"))]
Administrator = Annotated[Caller, Depends(may("administer"))]


def workspace_of(console: Console) -> Workspace:
    """Return the home's lake and registry."""
    return Workspace(console.settings, console.registry)


def connection_named(console: Console, slug: str) -> Connection:
    """Return a connection; not found when there is none."""
    try:
        return console.registry.connections.get(slug)
    except BadInput as error:
        raise not_found(str(error)) from error


def _named(slug: Annotated[str, Path(pattern=SLUG_PATTERN)], console: Here) -> Connection:
    return connection_named(console, slug)


def _platform(
    channel: Annotated[str, Path(json_schema_extra={"enum": sorted(PLATFORMS)})],
) -> Platform:
    try:
        return platform_named(channel)
    except BadInput as error:
        raise not_found(str(error)) from error


# Written after the caller in every signature: whoever may not ask is told nothing of what exists.
Named = Annotated[Connection, Depends(_named)]
NamedPlatform = Annotated[Platform, Depends(_platform)]
