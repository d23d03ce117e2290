"""Applications registered with platforms; their secrets stay here."""

from fastapi import APIRouter
from pydantic import BaseModel

from connectors.accounts.authorisations import redirect_uri
from connectors.accounts.platform import Platform
from connectors.accounts.platforms import PLATFORMS
from console import applications
from console.web.api.dependencies import Administrator, Here, NamedPlatform
from console.web.api.requests import ApplicationRequest
from console.web.context import Console

router = APIRouter(tags=["applications"])


class ApplicationResponse(BaseModel):
    """An application registered with a platform, without its secrets.

    `redirect_uri` is to be registered there, letter by letter.
    """

    channel: str
    registered: bool
    fields: dict[str, str]
    redirect_uri: str | None


class ApplicationList(BaseModel):
    """The application of every platform."""

    applications: list[ApplicationResponse]


@router.get("/applications")
def list_applications(_who: Administrator, console: Here) -> ApplicationList:
    """Return the application of every platform."""
    listed = [_response(console, platform) for _, platform in sorted(PLATFORMS.items())]
    return ApplicationList(applications=listed)


@router.get("/applications/{channel}")
def show_application(
    _who: Administrator, console: Here, platform: NamedPlatform
) -> ApplicationResponse:
    """Return the application of a platform."""
    return _response(console, platform)


@router.put("/applications/{channel}")
def keep_application(
    who: Administrator, console: Here, platform: NamedPlatform, body: ApplicationRequest
) -> ApplicationResponse:
    """Save an application; omitted fields stay unchanged."""
    applications.keep(console.accounts, platform, body.fields, who.name)
    return _response(console, platform)


@router.delete("/applications/{channel}", status_code=204)
def forget_application(who: Administrator, console: Here, platform: NamedPlatform) -> None:
    """Drop an application; connections that use it stop at their next token."""
    applications.forget(console.accounts, platform, who.name)


def _response(console: Console, platform: Platform) -> ApplicationResponse:
    back = redirect_uri(console.accounts, platform) if platform.consent is not None else None
    shown = applications.shown(console.accounts, platform)
    return ApplicationResponse.model_validate({**shown, "redirect_uri": back})
