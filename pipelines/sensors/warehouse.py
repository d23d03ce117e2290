"""The warehouse is published again when the lake or the outbox has moved on and is quiet."""

from datetime import datetime

import dagster as dg
from pydantic import BaseModel, ValidationError

from pipelines.jobs import warehouse_job
from pipelines.resources import Daybook
from pipelines.stages.warehouse import published_stamp, source_stamp

# The warehouse waits for the end of a backfill, but not longer than this.
PATIENCE_SECONDS = 600.0


class Cursor(BaseModel):
    """The state that was published last, the one seen at the last tick, and since when it waits."""

    published: str = ""
    seen: str = ""
    since: float | None = None

    @classmethod
    def of(cls, text: str | None) -> "Cursor":
        """Parse a cursor; a text of another release counts as none."""
        try:
            return cls.model_validate_json(text or "{}")
        except ValidationError:
            return cls()


@dg.sensor(
    job=warehouse_job,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Publishes the warehouse when partitions have changed and none is changing.",
)
def changed_lake(
    context: dg.SensorEvaluationContext, daybook: dg.ResourceParam[Daybook]
) -> dg.SensorResult:
    """Request a publish at most once per state of the lake and the outbox."""
    with daybook.open() as workspace:
        stamp = source_stamp(workspace)
    before = Cursor.of(context.cursor)
    # The command line publishes, too.
    if stamp is None or stamp in {before.published, published_stamp(workspace.settings)}:
        return dg.SensorResult(skip_reason="Nothing changed since the warehouse was published.")
    now = datetime.now().astimezone().timestamp()
    since = before.since or now
    # Published when two ticks see the same state: during an import, every tick sees another one.
    if stamp != before.seen and now - since < PATIENCE_SECONDS:
        cursor = before.model_copy(update={"seen": stamp, "since": since})
        return dg.SensorResult(
            skip_reason="Waiting until nothing changes.", cursor=cursor.model_dump_json()
        )
    return dg.SensorResult(
        run_requests=[dg.RunRequest(run_key=stamp)],
        cursor=Cursor(published=stamp).model_dump_json(),
    )
