"""Documents of a window, verified again: each must be what was stored when it arrived."""

from datetime import date

from connectors.errors import DaybookError
from connectors.lake.windows import Window
from pipelines.stages.normalise import covered
from pipelines.stages.store import Store


def damaged_days(store: Store, window: Window) -> dict[date, str]:
    """Return the days that a damaged document covers, each with the document and the cure.

    A document must be, byte for byte, what was stored, and its manifest must tie as it did then.
    """
    documents_by_day = covered(store.documents, window)
    documents = {m.document: m for manifests in documents_by_day.values() for m in manifests}
    problems: dict[str, str] = {}
    for document, manifest in documents.items():
        try:
            # For its check alone: reading compares the bytes with the hash that names the document.
            store.lake.read_document(store.slug, document)
        except DaybookError as error:
            problems[document] = f"{manifest.name}: {error}"
        else:
            if manifest.declared not in {None, manifest.total}:
                problems[document] = (
                    f"{manifest.name}: the manifest says that {manifest.declared:f} is declared "
                    f"and {manifest.total:f} counted: restore it from a backup"
                )
    return {
        day: "; ".join(problems[m.document] for m in manifests if m.document in problems)
        for day, manifests in documents_by_day.items()
        if any(m.document in problems for m in manifests)
    }
