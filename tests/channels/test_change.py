"""Whatever happens to documents, and whenever it is posted: what rests in the books is theirs."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from connectors.channels import CHANNELS
from connectors.database.registry import Registry
from tests.channels.change import of_channel

# More of it, and longer: `python -m tests.benchmarks change`. What may happen in between is no
# matter of the channel, so that most have the plain example alone: documents, restated to the end.
EXAMPLES = {"amazon": 3, "square": 3}
A_FEW = settings(
    stateful_step_count=6,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("name", sorted(CHANNELS))
def test_what_rests_in_the_books_is_what_the_documents_say(
    name: str, registry: Registry, tmp_path: Path
) -> None:
    few = settings(A_FEW, max_examples=EXAMPLES.get(name, 1))
    run_state_machine_as_test(of_channel(name, registry, tmp_path / "home"), settings=few)
