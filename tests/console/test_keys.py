"""`daybook keys`: a new master key, and what to do when the old one is lost."""

import pytest

from connectors.accounts.vault import Vault
from tests.console.user import User


@pytest.fixture
def connected(user: User) -> User:
    """A user for whom the credentials of one account are kept."""
    with user.opened() as opened:
        Vault(opened.settings, opened.registry).save("shop", {"token": "marked-secret"})
    return user


def stored_credentials(user: User) -> dict[str, str]:
    with user.opened() as opened:
        return Vault(opened.settings, opened.registry).read("shop")


def test_a_rotation_says_what_it_did(connected: User) -> None:
    before = connected.settings.key_file.read_bytes()
    result = connected.run("keys", "rotate")
    assert (result.code, result.err) == (0, "")
    assert result.lines == [
        "sealed the credentials of 1 accounts under the new master key",
        f"keep a copy of {connected.settings.key_file} apart from the backups",
    ]
    assert connected.settings.key_file.read_bytes() != before
    assert stored_credentials(connected) == {"token": "marked-secret"}
    assert {f["name"]: f["ok"] for f in connected("doctor", "--json").json["findings"]}[
        "credentials"
    ]


def test_a_lost_key_has_two_ways_out(connected: User) -> None:
    key = connected.settings.key_file
    content = key.read_bytes()
    key.unlink()
    assert "restore it from your copy, or run `daybook keys forget`" in connected("init").complaint
    doctor = {f["name"]: f for f in connected("doctor", "--json").json["findings"]}
    assert doctor["key"]["ok"] is False
    assert doctor["credentials"]["mend"] == "restore it from your copy"

    key.write_bytes(content)
    key.chmod(0o600)
    assert connected("init").code == 0
    assert stored_credentials(connected) == {"token": "marked-secret"}

    key.unlink()
    assert connected("keys", "forget").complaint.endswith("add --yes")
    result = connected("keys", "forget", "--yes")
    assert (result.code, result.lines) == (
        0,
        ["dropped the credentials of 1 accounts; connect them again"],
    )
    assert connected("init").code == 0
    assert stored_credentials(connected) == {}


def test_a_key_of_the_environment_needs_its_successor_first(connected: User) -> None:
    key = connected.settings.key_file.read_text().strip()
    result = connected("keys", "rotate", DAYBOOK_MASTER_KEY=key)
    assert result.code == 2
    assert "put the new one before it" in result.complaint
    short = connected("keys", "rotate", DAYBOOK_MASTER_KEY="c2hvcnQ=")
    assert (
        short.complaint
        == "DAYBOOK_MASTER_KEY does not hold a key of 32 bytes in base64: restore it from your copy"
    )
