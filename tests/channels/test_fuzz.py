"""Damaged files are taken or refused in a line, and leave nothing; `python -m tests.benchmarks
fuzz` tries twenty thousand, this the last two hundred and fifty."""

from pathlib import Path

from tests.benchmarks.fuzz import MUTANTS, tally

COUNT = 250


def test_a_damaged_file_is_refused_in_a_line_and_leaves_nothing(tmp_path: Path) -> None:
    refusals, wrong = tally(MUTANTS - COUNT, COUNT, tmp_path)
    assert wrong == {}
    assert refusals["refused"] > refusals["taken"] > 0
    assert sum(refusals.values()) == COUNT
