"""Tasks: queues that a team works off."""

from collections.abc import Collection, Sequence

from sqlalchemy import func, select

from connectors.database.registry.event_models import TaskRow
from connectors.database.registry.event_records import QueuedTask
from connectors.database.registry.repository import Repository, columns, write_audit
from connectors.errors import BadInput


class Tasks(Repository):
    """Tasks that triggers assign; deliveries write them."""

    def list(
        self,
        queue: str | None = None,
        states: Collection[str] = ("open", "taken"),
        limit: int = 100,
        offset: int = 0,
    ) -> Sequence[QueuedTask]:
        """Return tasks in some states, the oldest first."""
        query = select(*columns(TaskRow, QueuedTask)).where(TaskRow.state.in_(states))
        if queue is not None:
            query = query.where(TaskRow.queue == queue)
        with self._transaction() as session:
            rows = session.execute(query.order_by(TaskRow.id).limit(limit).offset(offset))
            return [QueuedTask(*row) for row in rows]

    def find(self, number: int) -> QueuedTask | None:
        """Return one task, or None where there is none of that number."""
        query = select(*columns(TaskRow, QueuedTask)).where(TaskRow.id == number)
        with self._transaction() as session:
            row = session.execute(query).one_or_none()
            return None if row is None else QueuedTask(*row)

    def take(self, number: int, actor: str) -> QueuedTask:
        """Have somebody do a task; `BadInput` where another does it, or it is finished."""
        return self._move(number, actor, "taken", None)

    def finish(self, number: int, actor: str, note: str | None = None) -> QueuedTask:
        """End a task; `BadInput` where another does it, or it is finished."""
        return self._move(number, actor, "finished", note)

    def _move(self, number: int, actor: str, state: str, note: str | None) -> QueuedTask:
        with self._transaction() as session:
            row = session.get(TaskRow, number, with_for_update=True)
            if row is None:
                raise BadInput(f"there is no task {number}: `daybook tasks list` lists them")
            if row.state == "finished":
                raise BadInput(f"task {number} was finished by {row.finished_by}")
            if row.taken_by is not None and row.taken_by != actor:
                raise BadInput(f"task {number} was taken by {row.taken_by}")
            if row.taken_by is None:
                row.taken_by, row.taken_at = actor, func.now()
            if state == "finished":
                row.finished_by, row.finished_at, row.note = actor, func.now(), note
            row.state = state
            write_audit(session, actor, f"task.{state}", str(number), {"note": note})
            session.flush()
            session.refresh(row)
            return QueuedTask(*(getattr(row, c.key) for c in columns(TaskRow, QueuedTask)))
