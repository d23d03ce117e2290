"""The shared folder of reference material stands beside the repository, or the tests say so."""

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[3] / "shared"
SAMPLES = SHARED / "samples"
SPECS = SHARED / "specs"


@pytest.fixture(scope="session")
def samples() -> Path:
    """Exports of real stores that may be read here and not passed on."""
    if not SAMPLES.is_dir():
        pytest.skip("needs ../shared: the real exports are not beside this repository")
    return SAMPLES


@pytest.fixture(scope="session")
def specs() -> Path:
    """The platforms' own contracts."""
    if not SPECS.is_dir():
        pytest.skip("needs ../shared: the platforms' contracts are not beside this repository")
    return SPECS
