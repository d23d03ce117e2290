"""Faults on every accounting target: thousands by dice, and a kill at every boundary of sending.

After each of them the target's own books hold one live entry for each revision on record, to the
cent: Tryton's database, the emulators' books, the files.
"""

import logging
import random
import sys
from collections import Counter
from pathlib import Path

from sqlalchemy import make_url

from connectors.database import postgres
from connectors.home.settings import Settings
from tests.benchmarks.results import Result
from tests.conftest import Server
from tests.targets.campaign import Campaign, TargetKills
from tests.targets.stands import INVOICED, RECEIPTS, STANDS, stand

# 2,000 together, at full scale.
FAULTS = {
    **{"csv": 200, "hledger": 200, "tryton": 400},
    **{"quickbooks": 600, RECEIPTS: 300, "xero": 600, INVOICED: 300},
}
SEED = 20261130


def measure(work: Path, scale: float) -> list[Result]:
    """Inject and kill; at a smaller scale, a share of both."""
    work.mkdir(parents=True)
    # What the emulators are told to do ends in tracebacks of theirs.
    logging.disable(logging.ERROR)
    settings = Settings(home=work / "home", database_url=None)
    postgres.ensure_database(settings)
    try:
        server = Server(make_url(postgres.database_url(settings, "public")), work)
        return [result for name in STANDS for result in _measured(name, server, work, scale)]
    finally:
        postgres.stop(settings)
        logging.disable(logging.NOTSET)


def _measured(name: str, server: Server, work: Path, scale: float) -> list[Result]:
    dice = random.Random(f"{SEED} {name}")
    folder = work / name
    folder.mkdir()
    with stand(name, server, folder) as at:
        campaign, kills = Campaign(at, dice), TargetKills(at)
        campaign.run(max(1, int(FAULTS[name] * scale)))
        kills.run(min(1.0, scale), dice)
    wrong = [*campaign.wrong, *kills.wrong]
    for line in wrong[:20]:
        print(line, file=sys.stderr)
    return [
        Result(f"{name}: faults injected", _counts(campaign.injected)),
        Result("  kills", _counts(kills.killed)),
        Result("  not one live entry each", str(len(wrong)), "0", not wrong),
    ]


def _counts(counts: Counter[str]) -> str:
    kinds = (f"{kind.partition(': ')[2]}: {count}" for kind, count in sorted(counts.items()))
    return f"{counts.total()} ({', '.join(kinds)})"
