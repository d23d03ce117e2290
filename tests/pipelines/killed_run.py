"""A data run that stops in the middle and waits to be killed: `python -m` with slug, day, days.

After the documents are verified, the first one becomes a named pipe that nobody writes to, so that
normalising hangs with its temporary files in place.
"""

import os
import sys
from datetime import date, timedelta
from pathlib import Path

import dagster as dg

from connectors.lake.windows import Window
from pipelines.execution import DATA_JOB, run


def main(slug: str, first: str, days: str, document: str) -> None:
    start = date.fromisoformat(first)
    path = Path(document)

    def hang(_connection: str, stage: str, _days: int) -> None:
        if stage == "raw_settlements":
            path.rename(path.with_suffix(".kept"))
            os.mkfifo(path)
            sys.stdout.write("hanging\n")
            sys.stdout.flush()

    with dg.DagsterInstance.get() as instance:
        run(instance, DATA_JOB, slug, Window(start, start + timedelta(days=int(days))), hang)


if __name__ == "__main__":
    main(*sys.argv[1:])
