"""The API as one application under /api/v1, with the document that describes it."""

import re
from importlib.metadata import version

from fastapi import Depends, FastAPI, Security
from fastapi.routing import APIRoute
from fastapi.security import APIKeyCookie, HTTPBearer
from starlette.routing import Mount

from console.web.api import (
    accounts,
    actions,
    activities,
    applications,
    audit,
    bank,
    channels,
    closings,
    connections,
    costs,
    dimensions,
    documents,
    events,
    journals,
    mapping_documents,
    mapping_exports,
    mappings,
    privacy,
    problems,
    publications,
    rates,
    settlements,
    tax,
    triggers,
    users,
    webhooks,
)
from console.web.api.dependencies import CSRF_HEADER, caller
from console.web.context import Console
from console.web.gate import cookie_name

PREFIX = "/api/v1"
ROUTERS = tuple(
    resource.router
    for resource in (
        *(connections, accounts, actions, documents, journals, settlements, bank),
        *(mappings, mapping_documents, mapping_exports, dimensions, tax),
        *(publications, closings, rates, costs),
        *(triggers, events, privacy),
        *(channels, activities, audit, users, applications, webhooks),
    )
)


def add(app: FastAPI, console: Console) -> None:
    """Add the API; it has its own errors, so that a program is never answered with a page."""
    bearer = HTTPBearer(
        auto_error=False,
        scheme_name="bearer",
        description="a program's token, made by `daybook users token NAME LABEL`",
    )
    cookie = APIKeyCookie(
        name=cookie_name(console.settings.public_url),
        auto_error=False,
        scheme_name="cookie",
        description=f"a browser's session; what changes something also needs {CSRF_HEADER}, "
        "which GET /me tells",
    )
    api = FastAPI(
        title="Daybook",
        version=version("daybook"),
        summary="Connections, settlements and journals, and what is done to them.",
        docs_url=None,
        redoc_url=None,
        dependencies=[Security(bearer), Security(cookie), Depends(caller)],
        responses=problems.RESPONSES,
        # FastAPI's own ids hold the whole path, and become names in generated clients.
        generate_unique_id_function=_name,
    )
    api.state.console = console
    problems.install(api, [route for router in ROUTERS for route in router.routes])
    for router in ROUTERS:
        api.include_router(router)
    mounted = Mount(PREFIX, api)
    # An address with a line break in it is ours too.
    mounted.path_regex = re.compile(mounted.path_regex.pattern, re.DOTALL)
    app.router.routes.append(mounted)


def _name(route: APIRoute) -> str:
    return route.name
