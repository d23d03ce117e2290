"""Kills that a plain run mends: a few here, 300 in `python -m tests.benchmarks kills`."""

import random
from pathlib import Path

from tests.benchmarks.kills import STEPS, Kills, at_random
from tests.conftest import Server

SEED = 4


def test_a_kill_leaves_nothing_that_a_plain_run_does_not_mend(
    embedded_server: Server, tmp_path: Path
) -> None:
    kills = Kills(tmp_path / "kills", embedded_server)
    kills.prepare()
    dice = random.Random(SEED)
    at_random(kills, 1, dice)
    for step in ("sync", "warehouse"):
        boundary = dice.randrange(1, kills.boundaries(step))
        kills.kill(step, "at a boundary", boundary=boundary)
    print(f"{kills.done.total()} kills: {dict(kills.done)}")
    assert kills.faults == []
    assert kills.done.total() == 3
    assert {name.split()[0] for name in kills.done} < set(STEPS)
