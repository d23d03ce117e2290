"""Mapping exports: every mapping of a home as one document, and such a document saved here."""

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from console.web.api.dependencies import Here, Mapper, Reader, workspace_of
from console.web.api.requests import Day, RequestBody, Slug, Value
from mappings.journal.config import MappingConfig
from mappings.model import BOOKS
from pipelines.stages.mapping_copies import (
    ExportedMapping,
    MappingExport,
    export_mappings,
    import_mappings,
)

router = APIRouter(tags=["mappings"])


class MappingToImport(RequestBody):
    """One mapping: the default of a target without a connection."""

    connection: Slug | None = None
    target: Slug = BOOKS
    effective_from: Day | None = None
    reason: Value | None = None
    mapping: MappingConfig


class MappingImport(RequestBody):
    """The mappings of a home, as `GET /mappings/export` gives them."""

    version: Literal[1] = 1
    mappings: list[MappingToImport]


class ImportedMapping(BaseModel):
    """A mapping as it was saved; `days` are computed again."""

    connection: str | None
    target: str
    version: int
    days: int


class ImportedMappingList(BaseModel):
    """One a mapping of the document, in its order."""

    mappings: list[ImportedMapping]


@router.get("/mappings/export")
def get_mapping_export(_who: Reader, console: Here) -> MappingExport:
    """Return the newest mapping of every store and target, for another home."""
    return export_mappings(workspace_of(console))


@router.post("/mappings/import")
def import_mapping_export(who: Mapper, console: Here, body: MappingImport) -> ImportedMappingList:
    """Save every mapping of an export; nothing where one names a store or target that is absent."""
    document = MappingExport(
        mappings=tuple(ExportedMapping(**dict(mapping)) for mapping in body.mappings)
    )
    imported = import_mappings(workspace_of(console), document, who.name)
    return ImportedMappingList(
        mappings=[
            ImportedMapping(
                connection=each.connection,
                target=each.target,
                version=saved.version,
                days=saved.days,
            )
            for each, saved in imported
        ]
    )
