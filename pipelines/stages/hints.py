"""Hints of platforms bring the next syncs of their accounts forward; their bodies are never read.

A sync is scheduled before its hints are finished: whoever is killed in between does it once more.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from connectors.accounts.deliveries import About, Topic
from connectors.accounts.platforms import PLATFORMS
from connectors.channels.history import can_sync
from connectors.database.registry.hints import PendingTopic
from pipelines.stages.workspace import Workspace

BROUGHT_FORWARD: Final = "a sync follows"
_NOTHING: Final = "nothing is fetched for it"
_INACTIVE: Final = "the account is not synced now"
# Bodies go sooner than the ids, by which what a platform sends again is known.
EVENTS_KEPT: Final = timedelta(days=90)

# What streams of a connection were hinted at, taken by whoever fetches them.
RequestStreams = Callable[[Mapping[str, frozenset[About]]], None]


@dataclass
class HintResult:
    """The result of a tick: hints that were handled, and accounts that are synced sooner.

    `waiting` counts those of accounts that are being synced just now.
    """

    handled: int = 0
    waiting: int = 0
    advanced: frozenset[str] = frozenset()


def handle_hints(
    workspace: Workspace, now: datetime, request_streams: RequestStreams | None = None
) -> HintResult:
    """Schedule the syncs that pending hints ask for, one for all of an account; finish these.

    Streams are fetched by the account's sync, unless `request_streams` takes them.
    """
    registry, result = workspace.registry, HintResult()
    pending = registry.hints.pending_topics()
    if not pending:
        return result
    syncable = {c.slug for c in registry.connections.list() if can_sync(c)}
    # At its end a sync schedules the next one, over what would be scheduled now.
    running = registry.activities.running().keys()
    outcomes: dict[str, list[PendingTopic]] = defaultdict(list)
    sync_at: dict[str, datetime] = {}
    streams: dict[str, set[About]] = defaultdict(set)
    for each in pending:
        slug, topic = each.connection, _topic(each.platform, each.topic)
        if slug not in syncable:
            outcomes[_INACTIVE].append(each)
        elif topic is None:
            outcomes[_NOTHING].append(each)
        elif slug in running:
            result.waiting += each.count
        else:
            outcomes[BROUGHT_FORWARD].append(each)
            if topic.about != "settlements" and request_streams is not None:
                streams[slug].add(topic.about)
                continue
            at = now + topic.within
            sync_at[slug] = min(at, sync_at.get(slug, at))
    if streams and request_streams is not None:
        request_streams({slug: frozenset(names) for slug, names in streams.items()})
    result.advanced = registry.sync_schedule.advance_all(sync_at)
    for outcome, topics in outcomes.items():
        registry.hints.finish_topics(topics, outcome)
        result.handled += sum(topic.count for topic in topics)
    return result


def purge_hints(workspace: Workspace, now: datetime) -> int:
    """Drop bodies that are older than the setting, and what is older than a quarter of a year.

    Returns the number of bodies.
    """
    age = timedelta(days=workspace.settings.webhook_body_days)
    return workspace.registry.hints.purge(now - age, now - max(age, EVENTS_KEPT))


def _topic(platform: str, name: str) -> Topic | None:
    support = PLATFORMS[platform].deliveries if platform in PLATFORMS else None
    return None if support is None else support.topics.get(name)
