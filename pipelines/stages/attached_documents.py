"""Settlement documents beside the entries they are the evidence of, in an organisation.

An entry is posted first, and what it is made of is attached after that, once. What cannot be
attached fails no entry: it is on the store's card, and tried again with the store's next posting.
"""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from io import StringIO
from typing import Final

from connectors.accounting.attachments import LARGEST, MOST, Attachment
from connectors.accounting.target import OrganisationBooks
from connectors.database.registry import Connection, Publication
from connectors.database.registry.findings import ATTACHMENTS
from connectors.documents.api_documents import read_head
from connectors.documents.manifest import Manifest
from connectors.errors import ConfigError, DaybookError, RateLimited, Transient, summary
from mappings.model import is_of_goods, settlement_of
from pipelines.stages.mapping import mappings_in_effect
from pipelines.stages.organisations import open_organisation
from pipelines.stages.partitions import scan
from pipelines.stages.store import Store

# Beside a publication's content: what is to be attached, and what was.
FIELD: Final = "attachments"
TO_COME: Final = "due"
_CARD_LINES: Final = 5
_UNSAFE = re.compile(r"[^\w.-]+")
_LONGEST_NAME: Final = 80
# A spreadsheet takes these as the beginning of a formula.
_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r")
_COLUMNS: Final = (
    *("posted_at", "settlement_id", "order_id", "sku", "quantity", "source_type", "category"),
    *("description", "marketplace", "currency", "amount"),
)
_KINDS: Final = {".csv": "text/csv", ".txt": "text/plain", ".tsv": "text/tab-separated-values"}


def attaching_days(store: Store, organisation: Connection, days: Sequence[date]) -> set[date]:
    """Return the days whose mappings have documents attached to their entries."""
    registry = store.workspace.registry
    mappings = mappings_in_effect(registry, store.slug, days, organisation.slug)
    return {day for mapping, chosen in mappings if mapping.attachments for day in chosen}


def attach_documents(store: Store, organisation: Connection) -> list[str]:
    """Attach what is still to come of a store's posted entries, of any day; return what failed."""
    registry = store.workspace.registry
    waiting = registry.publications.unattached(organisation.slug, store.slug)
    if not waiting:
        # What was said of entries that were taken out since.
        if any(finding.startswith(ATTACHMENTS) for finding in store.connection.findings):
            registry.findings.set(store.slug, ATTACHMENTS, [])
        return []
    problems = list(_attach_all(store, organisation, waiting))
    shown = problems[:_CARD_LINES]
    if len(problems) > len(shown):
        shown.append(_more(len(problems) - len(shown), organisation))
    registry.findings.set(store.slug, ATTACHMENTS, shown)
    return problems


def _attach_all(
    store: Store, organisation: Connection, waiting: Sequence[Publication]
) -> Iterator[str]:
    publications = store.workspace.registry.publications
    books: OrganisationBooks | None = None
    # Read once: a store may have thousands.
    manifests = {manifest.document: manifest for manifest in store.lake.manifests(store.slug)}
    for number, publication in enumerate(waiting):
        try:
            books = books or open_organisation(store.workspace, organisation)
            books.attach(
                publication.reference or "", documents_of_entry(store, publication, manifests)
            )
        except (DaybookError, OSError) as error:
            yield f"{publication.entry_id} has no document: {summary(error)}"
            # The others would meet the same.
            if isinstance(error, Transient | RateLimited | ConfigError):
                left = len(waiting) - number - 1
                if left:
                    yield _more(left, organisation)
                return
        else:
            publications.mark_attached(organisation.slug, publication)


def _more(entries: int, organisation: Connection) -> str:
    command = f"`daybook publish --target {organisation.slug}`"
    return f"{entries} more entries have none: {command} tries again"


def documents_of_entry(
    store: Store, publication: Publication, manifests: Mapping[str, Manifest]
) -> list[Attachment]:
    """Return the documents that an entry's lines are from, as their channel made them.

    Where one is an API's answer, is too large, or there are too many, it is a CSV file of the
    entry's lines instead.
    """
    # By the id: the entry itself may have been converted into another currency.
    day, currency = publication.business_date, publication.entry_id.split(":")[3]
    settlement = settlement_of(publication.entry_id)
    days = [day] if settlement is None else store.lake.days("transactions", store.slug)
    files = store.lake.partitions("transactions", store.slug, days)
    # What goods cost stands in no document of the channel.
    if not files or is_of_goods(publication.entry_id):
        return []
    with store.workspace.engine() as con:
        cursor = con.execute(
            f"SELECT {', '.join(_COLUMNS)}, document FROM {scan(files, by_name=True)} "
            "WHERE currency = $1 AND coalesce(settlement_id = $2, true) "
            "ORDER BY document, row, transaction_id",
            [currency, settlement],
        )
        rows = cursor.fetchall()
    documents = dict.fromkeys(row[-1] for row in rows)
    originals = [_original(store, manifests[d]) for d in documents if d in manifests]
    readable = [each for each in originals if each is not None]
    if len(readable) == len(documents) <= MOST:
        return readable
    # The revision's hash: another one has other lines, and a file of its own.
    name = f"{publication.content_hash[:12]}-{day}-{currency}.csv"
    table = Attachment(name, _table([row[:-1] for row in rows]), _KINDS[".csv"])
    return [table, *readable][:MOST]


def _original(store: Store, manifest: Manifest) -> Attachment | None:
    content = store.lake.read_document(store.slug, manifest.document)
    first_line = content[:1000].partition(b"\n")[0].decode("utf-8", "replace")
    if len(content) > LARGEST or read_head(first_line) is not None:
        return None
    name = _UNSAFE.sub("-", manifest.name)[-_LONGEST_NAME:]
    suffix = f".{name.rpartition('.')[2].lower()}"
    kind = _KINDS.get(suffix, "application/octet-stream")
    return Attachment(f"{manifest.document[:12]}-{name}", content, kind)


def _table(rows: Sequence[Sequence[object]]) -> bytes:
    text = StringIO()
    table = csv.writer(text, lineterminator="\r\n")
    table.writerow(_COLUMNS)
    for row in rows:
        table.writerow([_cell(value) for value in row])
    return text.getvalue().encode()


def _cell(value: object) -> str:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULAS) else value
    if isinstance(value, Decimal):
        return f"{value:f}"
    return "" if value is None else str(value)
