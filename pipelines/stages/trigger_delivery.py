"""Deliveries of triggers: what is due is sent, and each ends for itself.

A delivery is taken before it is sent and recorded after: a process that is killed in between leaves
it to the next, which sends it with the same id.
"""

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Final

import httpx2

from connectors.database.registry import StoredDelivery
from connectors.database.registry.event_records import DeliveryState, LabelText
from connectors.errors import BadInput, DaybookError, Transient
from connectors.triggers.actions import (
    Action,
    AssignAction,
    MessageAction,
    NoteAction,
    TagAction,
    WebhookAction,
)
from connectors.triggers.content import fields_of, filled, labelled, webhook_body
from connectors.triggers.document import TriggerDocument
from connectors.triggers.messages import send_message
from connectors.triggers.retries import next_attempt
from connectors.triggers.signed_webhooks import send_webhook, signed_headers, webhook_client
from pipelines.stages.triggers import ADDRESS, SECRET, readable_triggers, secrets_of
from pipelines.stages.workspace import Workspace

log = logging.getLogger(__name__)
Clock = Callable[[], datetime]
# A receiver may take 15 seconds to fail; these do so side by side.
_WORKERS: Final = 8
_AT_ONCE, _OF_ONE_ACTION = 32, 8
# A tick of a sensor ends after a minute.
ROUND_SECONDS: Final = 15.0
_LAST_CALLS_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class RoundResult:
    """The deliveries of a round: how many were sent, failed for now, and ended without success."""

    sent: int = 0
    failed: int = 0
    dead: int = 0


@dataclass(eq=False)
class _Failure(Exception):
    """A delivery that was not taken: the reason, and what that means for others.

    `final` ones are not tried again; `gone` is a receiver that wants no more, `slow` one that
    wants less.
    """

    reason: str
    status: int | None = None
    retry_after: timedelta | None = None
    final: bool = False
    gone: bool = False
    slow: bool = False


def match_triggers(workspace: Workspace, now: datetime) -> int:
    """Make the deliveries of events that came since the last call; return how many."""
    return workspace.registry.triggers.match(readable_triggers(workspace), now)


def deliver_due(workspace: Workspace, clock: Clock, seconds: float = ROUND_SECONDS) -> RoundResult:
    """Send what is due until nothing is, or the time is over; runs are no part of it."""
    with webhook_client(workspace.settings.private_hosts) as client:
        this_round = _Round(workspace, clock, client, monotonic() + seconds)
        counts: Counter[str] = Counter()
        pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="deliveries")
        try:
            while monotonic() < this_round.until:
                claimed = workspace.registry.deliveries.claim(clock(), _AT_ONCE, _OF_ONE_ACTION)
                if not claimed:
                    break
                by_action = defaultdict(list)
                for delivery in claimed:
                    by_action[delivery.trigger, delivery.action].append(delivery)
                calls = [pool.submit(this_round.deliver, each) for each in by_action.values()]
                finished, _ = wait(calls, timeout=seconds + _LAST_CALLS_SECONDS)
                for call in finished:
                    counts += call.result()
        finally:
            # A receiver that answers letter by letter holds its own thread, and nothing else.
            pool.shutdown(wait=False, cancel_futures=True)
    return RoundResult(counts["sent"], counts["failed"], counts["dead"])


@dataclass
class _Round:
    """One round of sending; its methods run in threads."""

    workspace: Workspace
    clock: Clock
    client: httpx2.Client
    until: float
    # Actions whose receiver failed in this round, and when it is called again.
    resting: dict[tuple[str, str], datetime] = field(default_factory=dict)
    documents: Mapping[str, TriggerDocument] = field(default_factory=dict)
    # Read once a round, by trigger and action.
    sealed: dict[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
    channels: Mapping[str | None, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.documents = readable_triggers(self.workspace)
        connections = self.workspace.registry.connections.list()
        self.channels = {connection.slug: connection.channel for connection in connections}

    def deliver(self, claimed: Sequence[StoredDelivery]) -> Counter[str]:
        """Send the deliveries of one action one after the other; return how many ended how.

        They keep the order of their events, and a receiver that fails is not called again.
        """
        return Counter(self._deliver(delivery) for delivery in claimed)

    def _deliver(self, delivery: StoredDelivery) -> DeliveryState:
        """Send one delivery, and record and return how it ended."""
        deliveries = self.workspace.registry.deliveries
        rest = self.resting.get((delivery.trigger, delivery.action))
        if rest is not None or monotonic() > self.until:
            deliveries.release([delivery.id], rest)
            return "waiting"
        document = self.documents.get(delivery.trigger)
        action = document.by_name.get(delivery.action) if document else None
        if action is None:
            reason = "the trigger no longer has this action"
            deliveries.settle([delivery.id], "skipped", reason)
            return "skipped"
        try:
            status = self._send(delivery, action)
        except _Failure as failure:
            return self._fail(delivery, failure)
        if status is not None:
            deliveries.settle([delivery.id], "sent", response_status=status or None)
        return "sent"

    def _fail(self, delivery: StoredDelivery, failure: _Failure) -> DeliveryState:
        registry, now = self.workspace.registry, self.clock()
        again = None
        if not (failure.final or failure.gone):
            again = next_attempt(delivery.attempts, now, failure.retry_after)
        if failure.gone:
            registry.triggers.stop(delivery.trigger, delivery.action, failure.reason)
        elif failure.slow and again is not None:
            self.resting[delivery.trigger, delivery.action] = again
            registry.deliveries.postpone(delivery.trigger, delivery.action, again)
        state: DeliveryState = "failed" if again else "dead"
        registry.deliveries.settle(
            *([delivery.id], state, failure.reason),
            response_status=failure.status,
            next_at=again,
        )
        log.warning(
            "trigger %s, %s, event %s: %s",
            *(delivery.trigger, delivery.action, delivery.event, failure.reason),
        )
        return state

    def _send(self, delivery: StoredDelivery, action: Action) -> int | None:
        """Send; return the receiver's status, 0 where it has none, None where that is recorded."""
        event = self.workspace.registry.events.get(delivery.event)
        fields = fields_of(event, self.channels.get(event.connection))
        try:
            match action:
                case WebhookAction():
                    return self._call(delivery, action, webhook_body(fields))
                case MessageAction():
                    self._write(delivery, filled(action, fields))
                    return 0
                case TagAction() | NoteAction():
                    subject = labelled(action, fields)
                    if subject is None:
                        raise _Failure(f"the event names no {action.on}", final=True)
                    words = LabelText(action.on, subject, filled(action, fields)[action.type])
                    self.workspace.registry.deliveries.label(delivery, event, words)
                case AssignAction():
                    title = filled(action, fields)["title"]
                    self.workspace.registry.deliveries.assign(delivery, event, action.queue, title)
        # What an owner must change is not tried again by itself.
        except BadInput as error:
            raise _Failure(str(error), final=True) from error
        except DaybookError as error:
            raise _Failure(str(error), slow=isinstance(error, Transient)) from error
        return None

    def _call(self, delivery: StoredDelivery, action: WebhookAction, body: bytes) -> int:
        secret = self._sealed(delivery).get(SECRET)
        if secret is None:
            raise BadInput("the webhook has no secret any more: add the trigger again")
        host = httpx2.URL(action.url).host
        headers = signed_headers(secret, delivery.message_id, body, self.clock())
        try:
            reply = send_webhook(self.client, action.url, body, headers)
        except httpx2.TransportError as error:
            reason = f"{host} does not answer ({type(error).__name__})"
            raise _Failure(reason, slow=True) from error
        if reply.is_success:
            return reply.status
        if reply.is_gone:
            reason = f"{host} wants no more messages (410): its webhook is switched off"
            raise _Failure(reason, reply.status, gone=True)
        reason = f"{host} answers {reply.status}"
        if reply.is_redirect:
            reason += ": give the address that this leads to"
        raise _Failure(
            reason,
            reply.status,
            reply.retry_after,
            slow=reply.is_overloaded,
        )

    def _write(self, delivery: StoredDelivery, texts: Mapping[str, str]) -> None:
        address = self._sealed(delivery).get(ADDRESS)
        if address is None:
            raise BadInput("no address is set: `daybook triggers enable NAME --address URL`")
        send_message(address, texts["subject"], texts["body"])

    def _sealed(self, delivery: StoredDelivery) -> Mapping[str, str]:
        key = (delivery.trigger, delivery.action)
        if key not in self.sealed:
            self.sealed[key] = secrets_of(self.workspace, *key)
        return self.sealed[key]
