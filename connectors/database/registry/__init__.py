"""The registry: connections, mappings, publications, the inbox, the audit log."""

from connectors.database.registry.consents import PendingConsent, Refusal
from connectors.database.registry.event_records import (
    Label,
    NewEvent,
    QueuedTask,
    StoredDelivery,
    StoredEvent,
    StoredTrigger,
)
from connectors.database.registry.hints import PendingHint, ReceivedHint
from connectors.database.registry.rate_limits import Permit
from connectors.database.registry.records import (
    Activity,
    ApiToken,
    AuditEvent,
    ClosedBooks,
    Connection,
    DayState,
    DaySummary,
    EntryChoice,
    InboxEvent,
    MappingVersion,
    PlannedEntry,
    PlanOutcome,
    Publication,
    Role,
    ScheduledSync,
    SignedIn,
    StoredBankLine,
    User,
)
from connectors.database.registry.registry import Registry
from connectors.database.registry.sealed import SealedOwner, SealedRows
from connectors.database.registry.users import ATTEMPTS

__all__ = [
    "ATTEMPTS",
    "Activity",
    "ApiToken",
    "AuditEvent",
    "ClosedBooks",
    "Connection",
    "DayState",
    "DaySummary",
    "EntryChoice",
    "InboxEvent",
    "Label",
    "MappingVersion",
    "NewEvent",
    "PendingConsent",
    "PendingHint",
    "Permit",
    "PlanOutcome",
    "PlannedEntry",
    "Publication",
    "QueuedTask",
    "ReceivedHint",
    "Refusal",
    "Registry",
    "Role",
    "ScheduledSync",
    "SealedOwner",
    "SealedRows",
    "SignedIn",
    "StoredBankLine",
    "StoredDelivery",
    "StoredEvent",
    "StoredTrigger",
    "User",
]
