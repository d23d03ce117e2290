"""The house stays as it was drawn: imports run downhill, one room reads the environment."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.accounts.platforms import PLATFORMS
from connectors.channels import CHANNELS

SOLD_ON = sorted(name for name, found in PLATFORMS.items() if found.kind != "accounting")
ROOT = Path(__file__).parent.parent
ROOMS = ("mappings", "connectors", "pipelines", "console", "sandbox")

# Who may touch the environment besides connectors/home/settings.py, and why.
ENVIRONMENT = {
    "console/cli.py": "sets PYDANTIC_DISABLE_PLUGINS, which is read from there alone",
    "pipelines/storage/pool.py": "sets DAGSTER_EVENT_BATCH_SIZE, which Dagster has no setting for",
    "pipelines/execution.py": "sets DAGSTER_HOME, so that Dagster finds the home's instance",
    "console/commands/up.py": "hands its own environment on to the services it starts",
}

MODULE_LINES = 400
FUNCTION_LINES = 60


def modules() -> list[Path]:
    return sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tracked() -> Iterator[Path]:
    """Files of the repository; without git, those of the rooms."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    names = [n for n in listed.stdout.decode().split("\0") if n] or [name(p) for p in modules()]
    return (ROOT / n for n in names if (ROOT / n).is_file())


def test_every_module_of_connectors_has_a_room() -> None:
    loose = {path.name for path in (ROOT / "connectors").glob("*.py")}
    assert loose == {"__init__.py", "errors.py"}


@pytest.mark.parametrize("channel", sorted(CHANNELS))
def test_a_channel_has_its_two_rooms(channel: str) -> None:
    assert (ROOT / "connectors" / "channels" / channel / "__init__.py").is_file()
    rules = ROOT / "mappings" / "channels" / channel
    assert list(rules.glob("*.sql"))
    assert (rules / "categories.csv").is_file()


@pytest.mark.parametrize("channel", SOLD_ON)
def test_channels_are_kept_apart_by_contract(channel: str) -> None:
    assert f'"connectors.channels.{channel}"' in (ROOT / "pyproject.toml").read_text()


def test_every_folder_of_a_channel_is_registered() -> None:
    for room, names in (("connectors", set(SOLD_ON)), ("mappings", set(CHANNELS))):
        folders = {
            path.name
            for path in (ROOT / room / "channels").iterdir()
            if path.is_dir() and path.name != "__pycache__"
        }
        assert folders == names, room
    assert set(CHANNELS) <= set(SOLD_ON)


def test_one_room_reads_the_environment() -> None:
    used = {
        name(path)
        for path in modules()
        if re.search(r"\bos\.environ\b|\bgetenv\b", path.read_text())
    }
    assert used <= set(ENVIRONMENT)


def test_every_module_says_what_belongs_in_it() -> None:
    silent = [
        name(path)
        for path in modules()
        if path.stat().st_size and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []


def test_modules_and_functions_are_short() -> None:
    long = []
    for path in modules():
        text = path.read_text()
        if len(text.splitlines()) > MODULE_LINES:
            long.append(name(path))
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef) and node.end_lineno is not None:
                lines = node.end_lineno - node.lineno + 1
                if lines > FUNCTION_LINES:
                    long.append(f"{name(path)}: {node.name}")
    assert long == []


def test_no_file_names_a_machine() -> None:
    """No path of somebody's machine, and no host in the lock but none at all."""
    machine = re.compile(r"(?<![\w.$}])/(?:home|root|Users|work)/\w")
    places = []
    for path in tracked():
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        places += [f"{name(path)}: {match[0]}" for match in machine.finditer(text)]
    assert places == []
    lock = (ROOT / "requirements.lock").read_text()
    assert re.findall(r"https?://\S+|--index-url|--extra-index-url", lock) == []
