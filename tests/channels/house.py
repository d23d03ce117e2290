"""A home with one store, from a file to the books, the way a seller goes through it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from connectors.accounting.beancount import Books
from connectors.channels import channel
from connectors.database.registry import Connection, Registry
from connectors.documents import ingest
from connectors.documents.archives import source_files
from connectors.documents.ingest import IngestResult
from connectors.documents.source_file import SourceFile
from connectors.home.settings import Settings
from connectors.lake.windows import Window
from mappings.journal.config import MappingConfig
from mappings.model import BOOKS
from mappings.tables import TABLES
from pipelines.stages.journals import Built, build_journals, plan
from pipelines.stages.normalise import Normalised, normalise
from pipelines.stages.partitions import scan
from pipelines.stages.publisher import PublishResult, publish
from pipelines.stages.reconciliation import Proof, reconcile
from pipelines.stages.settlements import write_settlements
from pipelines.stages.store import Store as BookedStore
from pipelines.stages.workspace import Workspace

ONE_DAY = timedelta(days=1)


@dataclass
class House:
    """One connection of one home; `mapping` is one to compute under, the saved one if None.

    `now` is the moment of a proof, where it is not the real one.
    """

    workspace: Workspace
    connection: Connection
    mapping: MappingConfig | None = None
    now: datetime | None = None

    @classmethod
    def build(
        cls,
        registry: Registry,
        home: Path,
        *,
        channel: str = "amazon",
        slug: str = "store",
        timezone: str = "UTC",
    ) -> "House":
        settings = Settings(home=home, database_url=None, threads=1, memory_limit="500MB")
        connection = registry.connections.add(
            slug, channel=channel, name=slug.title(), timezone=timezone, actor="test"
        )
        return cls(Workspace(settings, registry), connection)

    @property
    def settings(self) -> Settings:
        return self.workspace.settings

    @property
    def slug(self) -> str:
        return self.connection.slug

    def take(self, content: bytes | str, name: str = "report.txt") -> IngestResult:
        """Import one plain file."""
        content = content.encode() if isinstance(content, str) else content
        return self._keep(SourceFile(name, content))

    def take_file(self, path: Path) -> list[IngestResult]:
        """Import what a path holds, out of its container."""
        return [self._keep(source_file) for source_file in source_files(path)]

    def _keep(self, source_file: SourceFile) -> IngestResult:
        manifest = ingest.parse_file(
            self.settings,
            channel(self.connection.channel),
            source_file,
            connection=self.slug,
            time_zone=self.connection.timezone,
        )
        return ingest.store(self.workspace.lake, source_file.content, manifest)

    @property
    def window(self) -> Window:
        """Every day that any document of the store, in force or not, says something about."""
        days = [
            day
            for m in self.workspace.lake.manifests(self.slug)
            for day in (m.first_day, m.last_day, *m.days)
        ]
        return Window(min(days), max(days) + ONE_DAY)

    @property
    def store(self) -> BookedStore:
        """The store as the stages see it now, under the owner's mapping."""
        return BookedStore.read(self.workspace, self.connection, self.mapping)

    def normalise(self, window: Window | None = None) -> Normalised:
        return normalise(self.store, window or self.window)

    def journal(self, window: Window | None = None) -> Built:
        """Entries of the window's days that have transactions, planned for the books."""
        window = window or self.window
        present = self.workspace.lake.days("transactions", self.slug)
        days = [day for day in window if day in present]
        write_settlements(self.store, days)
        built = build_journals(self.store, days)
        plan(self.workspace, self.connection, window, built)
        return built

    def publish(self, window: Window | None = None) -> PublishResult:
        return publish(self.workspace, self.connection, window or self.window)

    def run(self, window: Window | None = None) -> Normalised:
        """The chain: normalise, build, publish."""
        normalised = self.normalise(window)
        self.journal(window)
        self.publish(window)
        return normalised

    def prove(self) -> list[Proof]:
        return reconcile(self.workspace, [self.connection], self.now)

    def held(self) -> dict[str, str]:
        """Entries that wait for the owner, and why."""
        listed = self.workspace.registry.publications.list(BOOKS, [self.slug], states=["held"])
        return {p.entry_id: p.message or "" for p in listed}

    def rows(self, table: str = "transactions") -> list[dict[str, Any]]:
        """A table's rows over all days."""
        lake = self.workspace.lake
        return self.read(table, lake.days(table, self.slug))

    def read(self, table: str, days: Iterable[date]) -> list[dict[str, Any]]:
        files = self.workspace.lake.partitions(table, self.slug, days)
        if not files:
            return []
        with self.workspace.engine() as con:
            cursor = con.execute(f"SELECT * FROM {scan(files)}")
            names = [column[0] for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def files(self) -> dict[str, bytes]:
        """Every partition of the store by name, as bytes."""
        lake = self.workspace.lake
        return {
            f"{table}/{day}": lake.partition(table, self.slug, day).read_bytes()
            for table in TABLES
            for day in sorted(lake.days(table, self.slug))
        }

    def books(self) -> str:
        """The store's part of the books, its years one after the other."""
        folder = self.settings.books_folder / "connections" / self.slug
        return "".join(path.read_text() for path in sorted(folder.glob("*.beancount")))

    def check_books(self) -> None:
        """Beancount's own program accepts the books; nothing is asked where it is missing."""
        verdict = Books(self.settings.books_folder).check()
        assert verdict is None or verdict.ok, verdict.errors


def total(rows: Iterable[dict[str, Any]], **matching: object) -> Decimal:
    """The sum of the amounts of rows that match."""
    return sum(
        (r["amount"] for r in rows if all(r[k] == v for k, v in matching.items())), Decimal(0)
    )
