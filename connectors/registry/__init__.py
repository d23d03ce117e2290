"""What Daybook remembers: connections, mappings, publications, the inbox, the audit log."""

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

__all__ = [
    "AuditEvent",
    "Connection",
    "DayState",
    "InboxEvent",
    "MappingVersion",
    "PlanOutcome",
    "PlannedEntry",
    "Publication",
    "Registry",
]
