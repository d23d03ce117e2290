"""A file that was cut off is refused, wherever it was cut; `python -m tests.benchmarks cuts` cuts
every fixture at every byte of its last third, this a seeded few."""

from pathlib import Path

from tests.benchmarks.cuts import tally


def test_a_cut_file_is_refused_or_says_all_that_the_whole_one_says(tmp_path: Path) -> None:
    refusals, wrong = tally(tmp_path, 200)
    assert wrong == []
    assert refusals["refused"] > 150
    assert sum(refusals.values()) >= 180
