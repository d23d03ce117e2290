"""Documents that change in any order, for a long time: what rests in the books is what they say."""

import time
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from connectors.channels import CHANNELS
from connectors.database.registry import Registry
from tests.benchmarks.homes import fresh_home
from tests.benchmarks.results import Result
from tests.channels.change import of_channel

# As many as fit beside the rest of `make bench`; `--scale 3` takes 25.
EXAMPLES, STEPS = 8, 15


def measure(work: Path, scale: float) -> list[Result]:
    """Let the stores of every channel live, and say where books and documents came apart."""
    results = []
    examples = max(1, round(EXAMPLES * scale))
    many = settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    with fresh_home(work / "home", []) as home, Registry.open(home) as registry:
        for name in sorted(CHANNELS):
            started, problem = time.monotonic(), None
            try:
                machine = of_channel(name, registry, home.home)
                run_state_machine_as_test(machine, settings=many)
            except AssertionError as error:
                problem = " ".join([str(error), *getattr(error, "__notes__", ())])
            took = f"{time.monotonic() - started:.0f} s"
            what = f"{name}: {examples} stores of up to {STEPS} changes"
            results.append(Result(what, problem or took, "books = documents", problem is None))
    return results
