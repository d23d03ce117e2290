"""Sending in a process of its own, which may be killed at any boundary of the work.

A boundary is before and after each request, each file that is written, and each note in the outbox.
"""

import itertools
import os
import signal
import time
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

from connectors.accounting.files import target as files
from connectors.accounting.quickbooks.journals import QuickBooksJournals
from connectors.accounting.xero.journals import XeroJournals
from connectors.database.registry import Registry
from connectors.database.registry.publications import Publications
from connectors.home.settings import Settings
from connectors.http import remote
from connectors.lake.windows import Window
from pipelines.stages.organisations import organisation_of
from pipelines.stages.sender import send
from pipelines.stages.store import Store
from pipelines.stages.workspace import Workspace

# What the fork server imports once, for every process it forks.
PRELOADED = ("tests.targets.killed_send",)
SENT, REFUSED = 0, 1


def _nod(seconds: float) -> None:
    """Wait for a turn, but never long: ten calls a second are too few for an entry's documents."""
    time.sleep(min(seconds, 1.0))


def run(settings: Settings, store: str, window: Window, boundary: int | None) -> None:
    """Send what is due of a store; at the boundary of that number the process is killed."""
    numbers = itertools.count(1)

    def step() -> None:
        if next(numbers) == boundary:
            os.kill(os.getpid(), signal.SIGKILL)

    def between(function: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*arguments: Any, **options: Any) -> Any:
            step()
            result = function(*arguments, **options)
            step()
            return result

        return stepped

    notes = {
        name: between(getattr(Publications, name))
        for name in ("mark", "mark_posted", "mark_sending", "mark_voided")
    }
    with (
        patch.multiple(Publications, **notes),
        patch.object(remote.Remote, "_request", between(remote.Remote._request)),
        patch.object(files, "write_atomically", between(files.write_atomically)),
        # The emulators' own clock is another process's, which goes on by itself.
        patch.object(remote, "sleep", _nod if boundary is None else lambda _seconds: None),
        patch.object(XeroJournals, "late_seconds", 0.0),
        patch.object(QuickBooksJournals, "late_seconds", 0.0),
        Registry.open(settings) as registry,
    ):
        workspace = Workspace(settings, registry)
        connection = registry.connections.get(store)
        organisation = organisation_of(workspace, connection)
        assert organisation is not None
        sent = send(Store.read(workspace, connection), organisation, window)
    # At once: the fork's copies of other people's threads and files are not its own to close.
    os._exit(REFUSED if sent.failed else SENT)
