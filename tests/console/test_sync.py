"""`daybook sync`: what is outstanding gets done, and what cannot be is named and heals later."""

import time
from pathlib import Path

from tests.console.conftest import HELD, settlement, take_in, with_a_new_word
from tests.console.user import User


def test_a_first_and_a_second_sync_of_the_program(user: User, tmp_path: Path) -> None:
    take_in(user, tmp_path, "mugs", settlement(1))
    take_in(user, tmp_path, "attic", with_a_new_word(7))
    held = {
        "entry_id": "je:attic:2026-03-03:USD",
        "connection": "attic",
        "day": "2026-03-03",
        "currency": "USD",
        "state": "held",
        "due_at": None,
        "message": HELD,
    }
    first = user.run("sync", "--json")
    assert first.code == 0
    assert first.json == {"ok": True, "days": 10, "failed": [], "held": [held], "waiting": []}
    assert "mugs 2026-03-02 to 2026-03-08" in first.err
    assert "Traceback" not in first.err

    began = time.monotonic()
    second = user.run("sync")
    assert time.monotonic() - began < 15
    assert (second.code, second.err) == (0, "")
    assert second.lines == [
        "everything is up to date",
        f"held: je:attic:2026-03-03:USD: {held['message']}",
    ]


def test_without_a_connection(user: User) -> None:
    result = user("sync")
    assert result.code == 2
    assert result.complaint == "there is no connection yet: `daybook import` makes one"


def test_a_window_does_its_own_days_and_leaves_the_others(user: User, tmp_path: Path) -> None:
    take_in(user, tmp_path, "mugs", settlement(1), settlement(2, month=4))
    result = user("sync", "--from", "2026-03-01", "--to", "2026-03-31")
    assert (result.code, result.out) == (0, "5 days computed\n")
    days = {entry["business_date"][:7] for entry in user("journals", "--json").json["entries"]}
    assert days == {"2026-03"}
    assert user("sync").out == "5 days computed\n"
    assert user("sync").out == "everything is up to date\n"
    # The same window again is done again and changes nothing.
    again = user("sync", "mugs", "--from", "2026-04-01", "--json")
    assert again.json == {"ok": True, "days": 5, "failed": [], "held": [], "waiting": []}


def test_a_damaged_document_stops_its_days_and_no_others(user: User, tmp_path: Path) -> None:
    take_in(user, tmp_path, "mugs", settlement(1), settlement(2, month=4))
    take_in(user, tmp_path, "attic", settlement(3))
    damaged = _document(user, "mugs-1")
    content = damaged.read_bytes()
    damaged.write_bytes(b"not what it was")
    result = user("sync")
    assert result.code == 1
    assert result.lines[0] == "10 days computed"
    (failed,) = [line for line in result.lines if line.startswith("failed: ")]
    assert failed.startswith("failed: mugs: ")
    assert "2026-04-02" in failed
    assert "restore" in failed
    assert "Traceback" not in result.err
    states = {p["settlement_id"]: p["state"] for p in _proofs(user)}
    assert states == {"20000000001": "tied", "20000000002": "waiting", "20000000003": "tied"}
    shown = user("connections", "show", "mugs")
    assert any(line.startswith("  2026-04-02 failed: ") for line in shown.lines)

    damaged.write_bytes(content)
    assert user("sync").code == 0
    assert {p["state"] for p in _proofs(user)} == {"tied"}


def test_a_lost_day_is_outstanding_again(synced: User) -> None:
    lost = synced.lake / "journal_lines" / "mugs" / "2026-03-03.parquet"
    content = lost.read_bytes()
    lost.unlink()
    assert synced("sync").lines[0] == "1 day computed"
    assert lost.read_bytes() == content


def _document(user: User, name: str) -> Path:
    with user.opened() as opened:
        (manifest,) = [m for m in opened.lake.manifests("mugs") if m.name.startswith(name)]
        return opened.lake.document_path("mugs", manifest.document)


def _proofs(user: User) -> list[dict[str, str]]:
    return user("reconcile", "--json").json["settlements"]
