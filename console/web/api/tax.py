"""The tax profile of a store."""

from fastapi import APIRouter
from pydantic import BaseModel

from console.web.api.dependencies import Here, Mapper, Named, Reader, connection_named, workspace_of
from console.web.api.requests import RequestBody
from mappings.journal.tax.profile import TaxProfile
from pipelines.stages.tax_profiles import change_tax_profile, tax_profile_of

router = APIRouter(tags=["tax"])


class TaxRequest(RequestBody):
    """A store's whole tax profile; null removes it."""

    profile: TaxProfile | None


class TaxResponse(BaseModel):
    """A store's tax profile, null while it has none; `days` were requested for a change of it."""

    connection: str
    profile: TaxProfile | None
    days: int


@router.get("/connections/{slug}/tax")
def show_tax_profile(_who: Reader, connection: Named) -> TaxResponse:
    """Return the tax profile of a store."""
    profile = tax_profile_of(connection)
    return TaxResponse(connection=connection.slug, profile=profile, days=0)


@router.put("/connections/{slug}/tax", status_code=202)
def set_tax_profile(who: Mapper, console: Here, connection: Named, body: TaxRequest) -> TaxResponse:
    """Save the tax profile of a store, and request its days again; an unchanged one asks none."""
    slug = connection.slug
    days = change_tax_profile(workspace_of(console), slug, body.profile, who.name)
    after = tax_profile_of(connection_named(console, slug))
    return TaxResponse(connection=slug, profile=after, days=days)
