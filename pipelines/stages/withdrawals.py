"""Documents taken out again: imported into the wrong store, or never meant to count.

The bytes stay in the lake with the reason and who gave it. The document's days are asked for: they
fall back to the document before, or are open, and publishing removes the entries of these.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal

from connectors.channels import channel
from connectors.database.registry import Connection
from connectors.documents.manifest import Manifest, Withdrawal, effective_documents
from connectors.errors import BadInput
from pipelines.stages.imports import LOCK_SECONDS, days_of, query_variables
from pipelines.stages.orders import days_of_orders
from pipelines.stages.workspace import Workspace

DocumentState = Literal["effective", "superseded", "withdrawn"]
Origin = Literal["file", "account"]
SHORTEST_ID = 6
LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document with how it stands, and whether a file or the connected account brought it."""

    manifest: Manifest
    state: DocumentState
    origin: Origin


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The result of a withdrawal: `fallback` counts instead, `days` are to be computed again.

    `new` is False where it was withdrawn before.
    """

    manifest: Manifest
    fallback: Manifest | None
    days: tuple[date, ...]
    new: bool


def stored_documents(workspace: Workspace, connection: Connection) -> list[StoredDocument]:
    """Return every document of a connection, oldest statement first."""
    manifests = workspace.lake.manifests(connection.slug)
    effective = {m.document for m in effective_documents(manifests).values()}
    imported = workspace.registry.inbox.documents(connection.slug)
    return [
        StoredDocument(
            manifest,
            _state(manifest, manifest.document in effective),
            "file" if manifest.document in imported else "account",
        )
        for manifest in manifests
    ]


def _state(manifest: Manifest, is_effective: bool) -> DocumentState:
    if manifest.withdrawn is not None:
        return "withdrawn"
    return "effective" if is_effective else "superseded"


def find_document(documents: Sequence[StoredDocument], name: str) -> StoredDocument:
    """Return the document of that id, of which the start will do, or that file name.

    `BadInput` where there is none, or more than one.
    """
    matches = [d for d in documents if d.manifest.name == name]
    if len(name) >= SHORTEST_ID:
        matches += [
            d for d in documents if d.manifest.document.startswith(name) and d not in matches
        ]
    if not matches:
        raise BadInput(
            f"there is no document {name!r}: name its file, or the first letters of its id, as "
            "`daybook documents list` shows them"
        )
    if len(matches) > 1:
        ids = ", ".join(d.manifest.document[:12] for d in matches)
        raise BadInput(f"{name!r} is several documents: name one by its id: {ids}")
    return matches[0]


def check_withdrawable(connection: Connection, document: StoredDocument) -> None:
    """Raise `BadInput` for a document of a connected account, whose next sync would restore it."""
    if document.origin == "account":
        raise BadInput(
            f"{document.manifest.name} came from the account of {connection.slug}, which would "
            "bring it again: correct it there, or disconnect and remove the connection"
        )


def withdraw_document(
    workspace: Workspace, connection: Connection, document: str, reason: str, actor: str
) -> Withdrawn:
    """Withdraw a document and request its days.

    `document` is its whole id. One that was withdrawn before has its days asked for again.
    """
    reason = _checked_reason(reason)
    slug, lake = connection.slug, workspace.lake
    # An import in between could make the withdrawn document the fallback of another.
    with workspace.registry.lock(f"import {slug}", LOCK_SECONDS):
        chosen = find_document(stored_documents(workspace, connection), document)
        check_withdrawable(connection, chosen)
        manifest, source = chosen.manifest, channel(connection.channel)
        before = query_variables(source, lake.effective_documents(slug))
        # Already withdrawn: its days are requested again, in case the first call was killed.
        is_new = manifest.withdrawn is None
        if is_new:
            withdrawal = Withdrawal(at=datetime.now(UTC), by=actor, reason=reason)
            manifest = lake.withdraw_document(manifest, withdrawal)
            detail = {"document": document, "file": manifest.name, "reason": reason}
            workspace.registry.audit.record(actor, "document.withdrawn", slug, detail)
        manifests = lake.manifests(slug)
        fallback = effective_documents(manifests).get(manifest.statement)
        after = query_variables(source, lake.effective_documents(slug))
        # Other documents may be read differently without it: its deposit closed an earlier month.
        changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
        touched = [m for m in manifests if m.document in changed]
        # A superseded document has no lines in any day.
        if chosen.state != "superseded" and not manifest.describes_orders:
            touched.append(manifest)
        touched_days = {day for m in touched for day in days_of(m)}
        if manifest.describes_orders:
            touched_days |= days_of_orders(workspace, slug, [manifest])
        days = sorted(touched_days)
        if days:
            why = f"the document {manifest.name} was withdrawn"
            workspace.registry.inbox.request_days(slug, days, why, actor)
    return Withdrawn(manifest, fallback, tuple(days), is_new)


def _checked_reason(reason: str) -> str:
    line = " ".join(reason.split())
    if not line:
        raise BadInput("a withdrawal needs its reason: it is kept with the document")
    return line[:LONGEST_REASON]
