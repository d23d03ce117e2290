"""One window of one connection into the books, day by day accounted for."""

from dataclasses import dataclass, field
from datetime import date

import duckdb

from connectors.database.registry import Connection, Publication
from connectors.errors import DaybookError, summary
from connectors.lake.windows import Window
from pipelines.checks import POSTED, PUBLISHED
from pipelines.partitions import key
from pipelines.recording import Recorder
from pipelines.resources import Listener
from pipelines.stages.journals import BOOKS
from pipelines.stages.publishing import publish, read_back
from pipelines.stages.workspace import Workspace


@dataclass
class PostingRun:
    """Posts what is planned, reads it back, and says which days stand in the books."""

    workspace: Workspace
    connection: Connection
    window: Window
    recorder: Recorder
    listener: Listener
    failed: dict[date, str] = field(default_factory=dict)

    def execute(self) -> dict[date, str]:
        """Post the window; returns the failed days and why."""
        slug = self.connection.slug
        try:
            outcome = publish(self.workspace, self.connection, self.window)
            wrong = outcome.stale | read_back(self.workspace, self.connection, self.window)
        except (DaybookError, OSError, duckdb.Error) as error:
            return dict.fromkeys(self.window, summary(error))
        latest = self.workspace.registry.publications.list(
            BOOKS, [slug], self.window.start, self.window.end
        )
        states: dict[date, list[Publication]] = {day: [] for day in self.window}
        for publication in latest:
            states[publication.business_date].append(publication)
        journals = self.workspace.lake.days("journal_lines", slug)
        for day, listed in states.items():
            self._account(day, listed, day in journals, wrong.get(day))
        self.listener(slug, PUBLISHED, len(journals & states.keys()))
        return self.failed

    def _account(
        self, day: date, listed: list[Publication], journalled: bool, problem: str | None
    ) -> None:
        partition = key(self.connection.slug, day)
        waiting = [p for p in listed if p.state not in {"posted", "voided"}]
        if waiting and problem is None:
            self.recorder.untouched(PUBLISHED, partition)
            return
        if not journalled and all(p.state == "voided" for p in listed):
            self.recorder.left_open(PUBLISHED, partition)
            return
        self.recorder.checked(
            PUBLISHED, POSTED.name, partition, problem is None, description=problem
        )
        if problem is not None:
            self.failed[day] = problem
            return
        posted = [p for p in listed if p.state == "posted"]
        self.recorder.materialised(
            PUBLISHED,
            partition,
            {
                "target": BOOKS,
                "entries": ", ".join(f"{p.entry_id} revision {p.revision}" for p in posted)
                or "none",
            },
        )
