"""The documents of `docs/examples` through the chain, without a database: what the pages show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from connectors.accounting.beancount.renderer import render_entry
from connectors.channels import channel
from connectors.database.registry import Connection, Registry
from connectors.documents import ingest
from connectors.documents.archives import source_files
from connectors.home.settings import Settings
from connectors.lake.windows import Window
from mappings.journal.config import MappingConfig
from mappings.model import JournalEntry
from pipelines.stages.journals import build_journals, read_entries
from pipelines.stages.normalise import normalise
from pipelines.stages.partitions import scan
from pipelines.stages.store import Store
from pipelines.stages.workspace import Workspace

FOLDER = Path(__file__).parents[2] / "docs" / "examples"


@dataclass(frozen=True)
class Books:
    """What one connection's documents became."""

    transactions: list[dict[str, Any]]
    entries: list[JournalEntry]
    name: str

    def text(self, day: date) -> str:
        """The day's entry as the books write it."""
        entry = next(e for e in self.entries if e.business_date == day)
        return "\n".join(render_entry(entry, self.name))


def books_of(home: Path, connection: Connection, files: Sequence[str]) -> Books:
    """Documents in, transactions and journal entries out."""
    settings = Settings(home=home)
    # Reading documents and building entries ask nothing of the registry.
    workspace = Workspace(settings, cast(Registry, None))
    days: set[date] = set()
    for file in files:
        (source_file,) = source_files(FOLDER / file)
        manifest = ingest.parse_file(
            settings,
            channel(connection.channel),
            source_file,
            connection=connection.slug,
            time_zone=connection.timezone,
        )
        ingest.store(workspace.lake, source_file.content, manifest)
        days |= {manifest.first_day, manifest.last_day, *manifest.days}
    window = Window(min(days), max(days) + timedelta(days=1))
    store = Store.read(workspace, connection, MappingConfig())
    normalised = normalise(store, window)
    assert not normalised.failed
    built = build_journals(store, normalised.written)
    assert not built.failed
    entries = read_entries(workspace, connection.slug, window, {})
    files_written = workspace.lake.partitions("transactions", connection.slug, window)
    with workspace.engine() as con:
        cursor = con.execute(
            f"SELECT * FROM {scan(files_written)} ORDER BY posted_at, document, row, transaction_id"
        )
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return Books(rows, entries, connection.name)


def store(slug: str, channel_name: str, name: str, timezone: str) -> Connection:
    """A connection as the registry would give it."""
    return Connection(
        slug=slug,
        channel=channel_name,
        name=name,
        timezone=timezone,
        kind="file",
        state="active",
        account_id=None,
        account={},
        fields={},
        reason=None,
        setup={},
        deadlines=[],
        findings=[],
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
