"""Faults and kills on every target: each kind a few times, thousands in `make bench`."""

import random

import pytest

from tests.targets.campaign import Campaign, TargetKills
from tests.targets.stands import STANDS, Stand

SEED = 14
# What is called over HTTP has more ways to fail.
INJECTED = {
    **{"csv": 8, "hledger": 8, "quickbooks": 24, "quickbooks-receipts": 12},
    **{"tryton": 12, "xero": 24, "xero-invoices": 16},
}
# Of the boundaries of posting, replacing and taking out; all of them in `make bench`.
SHARES = {
    "csv": 0.2,
    "hledger": 0.4,
    "quickbooks": 0.15,
    "quickbooks-receipts": 0.05,
    "tryton": 0.08,
    "xero": 0.2,
    "xero-invoices": 0.1,
}

every = pytest.mark.parametrize("stood", STANDS, indirect=True)


@every
def test_faults_leave_one_live_entry_for_each_revision(at: Stand) -> None:
    campaign = Campaign(at, random.Random(f"{SEED} {at.name}"))
    campaign.run(INJECTED[at.name])
    print(f"{campaign.injected.total()} faults: {dict(campaign.injected)}")
    assert campaign.wrong == []
    assert campaign.injected.total() >= INJECTED[at.name]
    if at.name == "hledger":
        at.ledger.check()


@every
def test_a_kill_at_a_boundary_leaves_nothing_that_sending_does_not_mend(at: Stand) -> None:
    kills = TargetKills(at)
    kills.run(SHARES[at.name], random.Random(f"{SEED} {at.name}"))
    print(f"{kills.killed.total()} kills: {dict(kills.killed)}")
    assert kills.wrong == []
    assert kills.killed.total() >= 3
    if at.name == "hledger":
        at.ledger.check()


@every
def test_processes_that_send_at_once_post_each_entry_once(at: Stand) -> None:
    assert TargetKills(at).together(3) == [0, 0, 0]
    at.check(3)
