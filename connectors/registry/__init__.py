"""What Daybook remembers: connections, mappings, publications, the inbox, the audit log."""

from connectors.registry.consents import Consent, Refusal
from connectors.registry.records import (
    AuditEvent,
    Connection,
    DayState,
    InboxEvent,
    MappingVersion,
    PlannedEntry,
    PlanOutcome,
    Publication,
)
from connectors.registry.registry import Registry
from connectors.registry.sealed import SealedOwner, SealedRows

__all__ = [
    "AuditEvent",
    "Connection",
    "Consent",
    "DayState",
    "InboxEvent",
    "MappingVersion",
    "PlanOutcome",
    "PlannedEntry",
    "Publication",
    "Refusal",
    "Registry",
    "SealedOwner",
    "SealedRows",
]
