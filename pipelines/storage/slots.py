"""A place in a pool: freed of runs that died, waited for within bounds, and never at full speed.

Stock, a step that finds its pool taken asks again and again at full CPU, deaf to signals, and a
run that was killed keeps its place until somebody frees it by hand.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import dagster as dg
from dagster._core.errors import raise_execution_interrupts
from dagster._core.launcher import WorkerStatus
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
from dagster._utils.concurrency import ConcurrencyClaimStatus, ConcurrencyKeyInfo

from connectors.errors import Transient
from pipelines.runs import described

log = logging.getLogger(__name__)

WAIT_SECONDS: Final = 600.0
ASK_SECONDS: Final = 0.5
# Rarer than asking for the place: it asks for every run that stands before us.
EXAMINE_SECONDS: Final = 2.0

Claim = Callable[[], ConcurrencyClaimStatus]


@dataclass
class Slots:
    """The pools of one event log, as the runs of one process wait for them."""

    storage: SqlEventLogStorage
    instance: dg.DagsterInstance
    wait_seconds: float = WAIT_SECONDS
    _announced: set[tuple[str, str]] = field(default_factory=set)

    def claim(self, pool: str, run_id: str, step: str, claim: Claim) -> ConcurrencyClaimStatus:
        """Take a place in `pool`, or wait for one; `Transient` names who holds it for too long.

        The first answer comes at once, so that the run's log says that it is blocked.
        """
        # Before asking: a killed run would hold its place for good.
        self.release_dead(pool, run_id)
        status = claim()
        if status.is_claimed:
            self._announced.discard((run_id, step))
            return status
        if (run_id, step) not in self._announced:
            self._announced.add((run_id, step))
            log.warning("waiting for %s", self._holders(pool, run_id) or f"the pool {pool}")
            # Dagster would sleep here, deaf to signals; the next call waits in our own loop.
            blocked: ConcurrencyClaimStatus = status.with_sleep_interval(0.0)
            return blocked
        return self._wait(pool, run_id, claim)

    def release_dead(self, pool: str, own_run: str = "") -> None:
        """Free what runs hold or await in `pool` that have ended or whose process is gone."""
        info = self.storage.get_concurrency_info(pool)
        for run_id in sorted(_runs_of(info) - {own_run}):
            run = self.instance.get_run_by_id(run_id)
            if run is not None and not run.is_finished:
                if not _is_dead(self.instance, run):
                    continue
                self.instance.report_run_failed(run, "Its process is gone.")
            log.info("the run %s is over: its place in the pool %s is free", run_id[:8], pool)
            self.storage.free_concurrency_slots_for_run(run_id)
        self._assign_free_place(pool)

    def _assign_free_place(self, pool: str) -> None:
        """Pass on a place whose last holder died between freeing it and saying who is next."""
        info = self.storage.get_concurrency_info(pool)
        taken = len(info.claimed_slots)
        called = [step for step in info.pending_steps if step.assigned_timestamp is not None]
        if info.pending_steps and not taken and not called:
            self.storage.assign_pending_steps([pool])

    def _wait(self, pool: str, run_id: str, claim: Claim) -> ConcurrencyClaimStatus:
        deadline = time.monotonic() + self.wait_seconds
        next_examination = time.monotonic() + EXAMINE_SECONDS
        while True:
            # Dagster only notes signals here; inside this block they end the wait.
            with raise_execution_interrupts():
                time.sleep(ASK_SECONDS)
            status = claim()
            if status.is_claimed:
                return status
            if time.monotonic() > deadline:
                raise Transient(
                    f"{self._holders(pool, run_id) or f'the pool {pool} is taken'} and has not "
                    f"ended within {self.wait_seconds:g} s: run it again when that is done, or "
                    "cancel that run in the Dagster UI"
                )
            if time.monotonic() > next_examination:
                self.release_dead(pool, run_id)
                next_examination = time.monotonic() + EXAMINE_SECONDS

    def _holders(self, pool: str, own_run: str) -> str:
        info = self.storage.get_concurrency_info(pool)
        ids = {slot.run_id for slot in info.claimed_slots} or _runs_of(info)
        runs = [self.instance.get_run_by_id(run_id) for run_id in sorted(ids - {own_run})]
        names = [described(run) for run in runs if run is not None]
        return f"the pool {pool}, held by {' and '.join(names)}," if names else ""


def _runs_of(info: ConcurrencyKeyInfo) -> set[str]:
    return {slot.run_id for slot in info.claimed_slots} | {
        step.run_id for step in info.pending_steps
    }


def _is_dead(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    launcher = instance.run_launcher
    # Where runs live on other machines, only their launcher can tell: they keep their place.
    if not launcher.supports_check_run_worker_health:
        return False
    return launcher.check_run_worker_health(run).status is WorkerStatus.FAILED
