"""What every command has in common: help, one line for a wrong word, pipes that close."""

import subprocess
import sys

import pytest

from console.cli import app
from console.commands import COMMANDS
from tests.console.user import PROGRAM, User

HEAVY = {"dagster", "duckdb", "nicegui", "pyarrow", "sqlalchemy"}

PAGES = (
    "", "init", "doctor", "channels", "down", "import", "sync", "publish", "reconcile", "sql",
    "journals", "up", "demo", "connections", "connections list", "connections show", "mappings",
    "mappings show", "mappings validate", "mappings set",
)  # fmt: skip


@pytest.mark.parametrize("command", PAGES)
def test_help(prepared: User, command: str) -> None:
    result = prepared(*command.split(), "--help")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(f"Usage: daybook {command}".rstrip())


def test_help_imports_nothing_that_takes_time() -> None:
    program = (
        "import atexit, sys; from console.cli import main; sys.argv[:] = ['daybook', '--help']; "
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr)); main()"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert shown.stdout.startswith("Usage: daybook ")
    assert "typer" in shown.stderr.split()
    assert HEAVY.isdisjoint(shown.stderr.split())


def test_every_command_is_in_the_module_that_is_named_for_it() -> None:
    assert [app.commands[name].name for name in COMMANDS] == list(COMMANDS)
    assert all(len(entry.summary) < 60 for entry in COMMANDS.values())


def test_without_a_word_the_help_is_shown(prepared: User) -> None:
    result = prepared.run()
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("Usage: daybook ")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("reconcil", "No such command 'reconcil'"),
        ("sync --form 2026-03-01", "No such option: --form"),
        ("sync --from yesterday", "'yesterday' is not a day: write it like 2026-03-31"),
        ("sync --from 2026-03-31 --to 2026-03-01", "--from 2026-03-31 is after --to 2026-03-01"),
        ("sync mugs nobody", "there is no connection 'nobody'; known: attic, crafts, mugs"),
        ("journals nobody", "there is no connection 'nobody'; known: attic, crafts, mugs"),
        ("publish nobody", "there is no connection 'nobody'; known: attic, crafts, mugs"),
        ("reconcile nobody", "there is no connection 'nobody'; known: attic, crafts, mugs"),
        ("connections show nobody", "there is no connection 'nobody'; known: attic, crafts, mugs"),
        ("mappings show --connection nobody", "there is no connection 'nobody'"),
        ("import bazaar x --connection y", "no channel 'bazaar': choose one of amazon, "),
    ],
)
def test_a_wrong_word_is_one_line(prepared: User, words: str, message: str) -> None:
    result = prepared(*words.split())
    assert (result.code, result.out) == (2, "")
    assert message in result.complaint


def test_channels(prepared: User) -> None:
    listed = {c["name"]: c for c in prepared("channels", "--json").json["channels"]}
    assert {"amazon", "etsy"} <= listed.keys()
    assert "settlement report" in listed["amazon"]["file"]
    titles = "channel what connects by files it takes"
    assert " ".join(prepared("channels").lines[0].split()) == titles


def test_connections(prepared: User) -> None:
    result = prepared("connections", "list")
    assert [line.split()[0] for line in result.lines] == ["connection", "attic", "crafts", "mugs"]
    cards = prepared("connections", "list", "--json").json["connections"]
    mugs = next(card for card in cards if card["connection"] == "mugs")
    assert (mugs["documents"], mugs["complete_through"]) == (2, "2026-03-05")
    shown = prepared("connections", "show", "mugs")
    assert "complete through: 2026-03-05" in shown.lines
    assert "  20000000001 mugs-0.txt (4 lines)" in shown.lines
    detail = prepared("connections", "show", "mugs", "--json").json
    assert [d["file"] for d in detail["document_list"]] == ["mugs-0.txt", "mugs-1.txt"]


@pytest.mark.parametrize("words", ["journals --explain", "journals --json", "mappings show"])
def test_a_reader_that_has_seen_enough(prepared: User, words: str) -> None:
    line = f"set -o pipefail; {PROGRAM} {words} | head -n 1"
    process = subprocess.run(
        ["bash", "-c", line],
        env=prepared.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.stderr == ""
    assert len(process.stdout.splitlines()) == 1
    assert process.returncode in {0, 1}
