"""Raw documents of a window: which ones cover each day, and whether they are what was stored."""

from dataclasses import dataclass, field
from datetime import date

from connectors.documents import Manifest
from connectors.errors import DaybookError
from connectors.registry import Connection
from connectors.windows import Window
from pipelines.stages.normalise import covered
from pipelines.stages.workspace import Workspace


@dataclass(slots=True)
class Raw:
    """A window's documents: by day, and what is wrong by day; days of neither are open."""

    days: dict[date, list[Manifest]] = field(default_factory=dict)
    failed: dict[date, str] = field(default_factory=dict)
    untied: dict[date, str] = field(default_factory=dict)


def read_raw(workspace: Workspace, connection: Connection, window: Window) -> Raw:
    """Verify every document that bears on the window; a bad one fails its days alone.

    `untied` names days of documents whose lines do not sum to the total they declare.
    """
    lake = workspace.lake
    found = Raw(days=covered(lake.current(connection.slug), window))
    documents = {m.document: m for manifests in found.days.values() for m in manifests}
    broken: dict[str, str] = {}
    for document, manifest in documents.items():
        try:
            lake.read_document(connection.slug, document)
        except DaybookError as error:
            broken[document] = f"{manifest.name}: {error}"
    for day, manifests in found.days.items():
        reasons = [broken[m.document] for m in manifests if m.document in broken]
        if reasons:
            found.failed[day] = "; ".join(reasons)
        loose = [m for m in manifests if m.declared is not None and m.declared != m.total]
        if loose:
            found.untied[day] = "; ".join(
                f"{m.statement} declares {m.declared:f}, its lines sum to {m.total:f}"
                for m in loose
            )
    return found
