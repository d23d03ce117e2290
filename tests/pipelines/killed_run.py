"""A data run that stops in the middle and waits to be killed: `python -m` with slug, day, days.

After the documents are verified, the first one becomes a named pipe that nobody writes to, so that
normalising hangs with its temporary files in place.
"""

import os
import sys
from datetime import date, timedelta
from pathlib import Path
from unittest.mock import patch

import dagster as dg

from connectors.lake.windows import Window
from pipelines.execution import run
from pipelines.names import DATA
from pipelines.stages import chain
from pipelines.stages.store import Store
from pipelines.stages.verification import damaged_days


def main(slug: str, first: str, days: str, document: str) -> None:
    start = date.fromisoformat(first)
    path = Path(document)

    def verify_and_hang(store: Store, window: Window) -> dict[date, str]:
        damaged = damaged_days(store, window)
        path.rename(path.with_suffix(".kept"))
        os.mkfifo(path)
        sys.stdout.write("hanging\n")
        sys.stdout.flush()
        return damaged

    with dg.DagsterInstance.get() as instance, patch.object(chain, "damaged_days", verify_and_hang):
        run(instance, DATA, slug, Window(start, start + timedelta(days=int(days))))


if __name__ == "__main__":
    main(*sys.argv[1:])
