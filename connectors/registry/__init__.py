"""What Daybook remembers: connections, mappings, publications, the inbox, the audit log."""

from connectors.registry.consents import Consent, Refusal
from connectors.registry.people import ATTEMPTS
from connectors.registry.records import (
    Activity,
    ApiToken,
    Appointment,
    AuditEvent,
    Connection,
    DayState,
    DaySummary,
    InboxEvent,
    MappingVersion,
    Person,
    PlannedEntry,
    PlanOutcome,
    Publication,
    Role,
    SignedIn,
)
from connectors.registry.registry import Registry
from connectors.registry.sealed import SealedOwner, SealedRows
from connectors.registry.turns import Turn

__all__ = [
    "ATTEMPTS",
    "Activity",
    "ApiToken",
    "Appointment",
    "AuditEvent",
    "Connection",
    "Consent",
    "DayState",
    "DaySummary",
    "InboxEvent",
    "MappingVersion",
    "Person",
    "PlanOutcome",
    "PlannedEntry",
    "Publication",
    "Refusal",
    "Registry",
    "Role",
    "SealedOwner",
    "SealedRows",
    "SignedIn",
    "Turn",
]
