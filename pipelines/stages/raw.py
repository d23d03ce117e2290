"""Raw documents of a window: which ones cover each day, and whether they are what was stored."""

from dataclasses import dataclass, field
from datetime import date

from connectors.database.registry import Connection
from connectors.documents.manifest import Manifest
from connectors.errors import DaybookError
from connectors.lake.windows import Window
from pipelines.stages.normalise import covered
from pipelines.stages.provisional import in_force
from pipelines.stages.workspace import Workspace


@dataclass(slots=True)
class Raw:
    """A window's documents by day, and by day what is wrong with them; other days are open."""

    days: dict[date, list[Manifest]] = field(default_factory=dict)
    failed: dict[date, str] = field(default_factory=dict)


def read_raw(workspace: Workspace, connection: Connection, window: Window) -> Raw:
    """Verify every document that bears on the window; a bad one fails its days alone.

    It must be, byte for byte, what was stored, and its manifest must tie as it did then.
    """
    lake = workspace.lake
    found = Raw(days=covered(in_force(workspace, connection), window))
    documents = {m.document: m for manifests in found.days.values() for m in manifests}
    broken: dict[str, str] = {}
    for document, manifest in documents.items():
        try:
            lake.read_document(connection.slug, document)
        except DaybookError as error:
            broken[document] = f"{manifest.name}: {error}"
        else:
            if manifest.declared not in {None, manifest.total}:
                broken[document] = (
                    f"{manifest.name}: the manifest says that {manifest.declared:f} is declared "
                    f"and {manifest.total:f} counted: restore it from a backup"
                )
    for day, manifests in found.days.items():
        reasons = [broken[m.document] for m in manifests if m.document in broken]
        if reasons:
            found.failed[day] = "; ".join(reasons)
    return found
