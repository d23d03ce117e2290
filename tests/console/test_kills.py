"""Kills that a plain run mends: a few here, 300 in `python -m tests.benchmarks kills`."""

import random
from pathlib import Path

from tests.benchmarks.kills import Kills
from tests.conftest import Server

SEED = 4


def test_a_kill_leaves_nothing_that_a_plain_run_does_not_mend(
    embedded_server: Server, tmp_path: Path
) -> None:
    kills = Kills(tmp_path / "kills", embedded_server)
    kills.prepare()
    dice = random.Random(SEED)
    for step, boundaries in (("import", 30), ("sync", 150), ("warehouse", 100)):
        kills.kill(step, "at a boundary", boundary=dice.randrange(1, boundaries))
    print(f"{kills.done.total()} kills: {dict(kills.done)}")
    assert kills.faults == []
    assert sorted(kills.done) == [
        f"{step} at a boundary" for step in ("import", "sync", "warehouse")
    ]
