"""Everything that can be connected, and how."""

from fastapi import APIRouter
from pydantic import BaseModel

from connectors.accounts.platforms import PLATFORMS
from console.channels import described
from console.web.api.dependencies import Reader

router = APIRouter(tags=["channels"])


class FieldResponse(BaseModel):
    """Something that a platform asks for."""

    name: str
    of: str
    title: str
    hint: str
    secret: bool
    required: bool
    options: dict[str, str]


class ChannelResponse(BaseModel):
    """Something that can be connected.

    Disconnecting ends its access where it is `revoked_by_call`; else its owner does, under
    `revocation`.
    """

    name: str
    title: str
    kind: str
    file: str | None
    connects_by: list[str]
    revoked_by_call: bool
    revocation: str
    endpoints: dict[str, str]
    sandbox: dict[str, str]
    fields: list[FieldResponse]


class ChannelList(BaseModel):
    """Everything that can be connected."""

    channels: list[ChannelResponse]


@router.get("/channels")
def list_channels(_who: Reader) -> ChannelList:
    """Return what can be connected, and how."""
    listed = [ChannelResponse.model_validate(described(p)) for p in PLATFORMS.values()]
    return ChannelList(channels=listed)
