"""Triggers, and the deliveries that events make of them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Numeric,
    and_,
    case,
    cast,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    update,
    values,
)
from sqlalchemy import column as named
from sqlalchemy.dialects.postgresql import ARRAY, TEXT, array, insert
from sqlalchemy.orm import Session, aliased

from connectors.database.registry.event_models import DeliveryRow, EventRow, TriggerRow
from connectors.database.registry.event_records import StoredTrigger
from connectors.database.registry.models import ConnectionRow
from connectors.database.registry.repository import Repository, columns, serialise, write_audit
from connectors.errors import BadInput
from connectors.triggers.conditions import Filters, field_of
from connectors.triggers.kinds import event_kind

if TYPE_CHECKING:
    # It takes the pattern of slugs from here.
    from connectors.triggers.document import TriggerDocument

OPEN_STATES: Final = ("waiting", "sending", "failed")
_ONE_DAY: Final = timedelta(days=1)
_LOCK: Final = "daybook triggers"


class Triggers(Repository):
    """Triggers by name; events are matched with them in one step."""

    def list(self) -> Sequence[StoredTrigger]:
        """Return every trigger, by name."""
        query = select(*columns(TriggerRow, StoredTrigger)).order_by(TriggerRow.name)
        with self._transaction() as session:
            return [StoredTrigger(*row) for row in session.execute(query)]

    def find(self, name: str) -> StoredTrigger | None:
        """Return one trigger, or None where there is none of that name."""
        query = select(*columns(TriggerRow, StoredTrigger)).where(TriggerRow.name == name)
        with self._transaction() as session:
            row = session.execute(query).one_or_none()
            return None if row is None else StoredTrigger(*row)

    def save(self, trigger: "TriggerDocument", actor: str, *, enabled: bool) -> StoredTrigger:
        """Store a trigger in place of the one of its name; events from now on are matched.

        A replaced trigger goes on where it was.
        """
        with self._transaction() as session:
            serialise(session, _LOCK)
            row = session.get(TriggerRow, trigger.name, with_for_update=True)
            before = None if row is None else row.document
            if row is None:
                row = TriggerRow(name=trigger.name, after_event=_newest(session))
                session.add(row)
            # What happened while it was off, or was of no concern to it, is not made up for.
            elif enabled and (not row.enabled or row.kind != trigger.event):
                row.after_event = _newest(session)
            row.kind, row.document, row.enabled = trigger.event, trigger.stored, enabled
            row.stopped, row.changed_by, row.changed_at = {}, actor, func.now()
            detail = {"from": before, "to": trigger.stored, "enabled": enabled}
            action = "trigger.added" if before is None else "trigger.changed"
            write_audit(session, actor, action, trigger.name, detail)
            session.flush()
            session.refresh(row)
            return StoredTrigger(*(getattr(row, c.key) for c in columns(TriggerRow, StoredTrigger)))

    def enable(self, name: str, actor: str) -> None:
        """Have a trigger act on events from now on, and call again what its receivers ended."""
        with self._transaction() as session:
            serialise(session, _LOCK)
            row = _locked(session, name)
            if row.enabled and not row.stopped:
                return
            if not row.enabled:
                row.after_event = _newest(session)
            row.enabled, row.stopped = True, {}
            row.changed_by, row.changed_at = actor, func.now()
            write_audit(session, actor, "trigger.enabled", name, {})

    def disable(self, name: str, actor: str) -> None:
        """Have a trigger act on no event; what waits to be sent is skipped."""
        with self._transaction() as session:
            serialise(session, _LOCK)
            row = _locked(session, name)
            if not row.enabled:
                return
            row.enabled, row.changed_by, row.changed_at = False, actor, func.now()
            _close(session, name, "skipped", "the trigger was switched off")
            write_audit(session, actor, "trigger.disabled", name, {})

    def stop(self, name: str, action: str, reason: str) -> None:
        """Have one action of a trigger no longer done, as its receiver asked for."""
        with self._transaction() as session:
            serialise(session, _LOCK)
            row = _locked(session, name)
            row.stopped = {**row.stopped, action: reason}
            _close(session, name, "dead", reason, action)
            write_audit(session, "receiver", "trigger.stopped", name, {action: reason})

    def remove(self, name: str, actor: str) -> None:
        """Delete a trigger with its deliveries; the audit log keeps what it was."""
        with self._transaction() as session:
            row = _locked(session, name)
            write_audit(session, actor, "trigger.removed", name, {"was": row.document})
            session.execute(delete(TriggerRow).where(TriggerRow.name == name))

    def match(self, documents: "Mapping[str, TriggerDocument]", now: datetime) -> int:
        """Make the deliveries of events that came since the last time; return how many.

        `documents` are the triggers by name; others, and those that are off, stay where they are.
        """
        with self._transaction() as session:
            # Ids become visible in order, so nothing up to this one is still to come.
            newest = _newest(session)
            behind = select(TriggerRow.name).where(
                TriggerRow.enabled, TriggerRow.after_event < newest, TriggerRow.name.in_(documents)
            )
            if session.scalars(behind.limit(1)).first() is None:
                return 0
            serialise(session, _LOCK)
            number = 0
            rows = session.scalars(
                select(TriggerRow).where(TriggerRow.name.in_(session.scalars(behind).all()))
            )
            for row in rows:
                statement = _deliveries(documents[row.name], row, newest, now)
                number += len(session.scalars(statement).all())
                row.after_event = newest
            return number

    def met(self, trigger: "TriggerDocument", event: int) -> dict[str, bool]:
        """Return which filters of a trigger one event meets, by their names."""
        terms = conditions(trigger.filters, trigger.event)
        query = (
            select(*(func.coalesce(term, False) for term in terms.values()))
            .select_from(EventRow)
            .outerjoin(ConnectionRow, ConnectionRow.slug == EventRow.connection)
            .where(EventRow.id == event)
        )
        if not terms:
            return {}
        with self._transaction() as session:
            return dict(zip(terms, session.execute(query).one(), strict=True))


def conditions(filters: Filters, kind: str) -> dict[str, ColumnElement[bool]]:
    """Return the filters that are set as conditions on an event and its connection, by name."""
    return {name: _condition(name, value, kind) for name, value in filters.chosen.items()}


def _condition(name: str, value: Any, kind: str) -> ColumnElement[bool]:
    match name:
        case "connection":
            return EventRow.connection.in_(value)
        case "channel":
            return ConnectionRow.channel.in_(value)
    field = field_of(name, event_kind(kind))
    text_of = func.jsonb_extract_path_text(EventRow.fields, field)
    amount = cast(text_of, Numeric)
    terms: dict[str, Callable[[], ColumnElement[bool]]] = {
        "first_order": lambda: text_of == literal("true" if value else "false"),
        "amount_from": lambda: amount >= literal(value, Numeric),
        "amount_to": lambda: amount <= literal(value, Numeric),
    }
    if name in terms:
        return terms[name]()
    if field == "skus":
        skus = func.jsonb_extract_path(EventRow.fields, field)
        return func.jsonb_exists_any(skus, cast(array(value), ARRAY(TEXT)), type_=Boolean)
    return text_of.in_(value)


def _deliveries(trigger: "TriggerDocument", row: TriggerRow, newest: int, now: datetime) -> Any:
    """Return the statement that makes the deliveries of the events up to `newest`."""
    actions = values(
        named("action", TEXT), named("type", TEXT), named("ended", TEXT), name="actions"
    ).data([(name, action.type, row.stopped.get(name)) for name, action in trigger.by_name.items()])
    again = _again(trigger, actions.c.action, now) if trigger.once_a_day else literal(False)
    reason = case(
        (actions.c.ended.is_not(None), actions.c.ended),
        (again, "the action is done at most once a day for a store"),
    )
    query = (
        select(
            literal(trigger.name),
            actions.c.action,
            EventRow.id,
            actions.c.type,
            "msg_" + func.replace(cast(func.gen_random_uuid(), TEXT), "-", ""),
            case((reason.is_not(None), "skipped"), else_="waiting"),
            reason,
            literal(now),
            literal(now),
        )
        .select_from(EventRow)
        .outerjoin(ConnectionRow, ConnectionRow.slug == EventRow.connection)
        .join(actions, literal(True))
        .where(
            EventRow.kind == trigger.event,
            EventRow.id > row.after_event,
            EventRow.id <= newest,
            EventRow.occurred_at > EventRow.recorded_at - timedelta(days=trigger.max_age_days),
            *conditions(trigger.filters, trigger.event).values(),
        )
    )
    names = ("trigger", "action", "event", "type", "message_id", "state", "reason")
    statement = insert(DeliveryRow).from_select([*names, "next_at", "created_at"], query)
    # A trigger that was put back by a restored backup meets its events a second time.
    return statement.on_conflict_do_nothing().returning(DeliveryRow.id)


def _again(
    trigger: "TriggerDocument", action: ColumnElement[str], now: datetime
) -> ColumnElement[bool]:
    """Return whether an event's store has had the action within a day already."""
    earlier = aliased(EventRow)
    within = exists().where(
        DeliveryRow.trigger == trigger.name,
        DeliveryRow.action == action,
        DeliveryRow.created_at > now - _ONE_DAY,
        DeliveryRow.state != "skipped",
        earlier.id == DeliveryRow.event,
        earlier.connection.is_not_distinct_from(EventRow.connection),
    )
    # Of several events in one step, the first is the one.
    number = func.row_number().over(
        partition_by=(EventRow.connection, action), order_by=EventRow.id
    )
    return or_(within, number > 1)


def _close(session: Session, name: str, state: str, reason: str, action: str | None = None) -> None:
    """End what is still to be delivered of a trigger, or of one of its actions."""
    concerned = and_(DeliveryRow.trigger == name, DeliveryRow.state.in_(OPEN_STATES))
    if action is not None:
        concerned = and_(concerned, DeliveryRow.action == action)
    session.execute(
        update(DeliveryRow)
        .where(concerned)
        .values(state=state, reason=reason, updated_at=func.now())
    )


def _newest(session: Session) -> int:
    return session.scalar(select(func.coalesce(func.max(EventRow.id), 0))) or 0


def _locked(session: Session, name: str) -> TriggerRow:
    row = session.get(TriggerRow, name, with_for_update=True)
    if row is None:
        raise unknown_trigger(name, session.scalars(select(TriggerRow.name)).all())
    return row


def unknown_trigger(name: str, known_names: Collection[str]) -> BadInput:
    """Return the error for a trigger that is not there, with those that are."""
    listed = ", ".join(sorted(known_names)) or "none yet; `daybook triggers add` makes one"
    return BadInput(f"there is no trigger {name!r}; there are: {listed}")
