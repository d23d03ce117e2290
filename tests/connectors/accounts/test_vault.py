"""Credentials at rest: read with the key alone, where they belong, and through every rotation."""

import base64
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from connectors.accounts.keys import Keyring, new_key, read_keys, write_keys
from connectors.accounts.seals import DoesNotOpen, key_id, seal, sealed_under, unseal
from connectors.accounts.vault import Vault
from connectors.database.postgres import database_url
from connectors.database.registry import Registry
from connectors.errors import BadInput, ConfigError, Transient
from connectors.home.home import initialise
from connectors.home.settings import Settings

SECRET = "shpat_MARKED-a1b2c3"


@pytest.fixture
def vault(home: Settings) -> Iterator[Vault]:
    """The vault of an initialised home with one owner's credentials."""
    with Registry.open(home) as registry:
        opened = Vault(home, registry)
        opened.save("shop", {"token": SECRET, "shop_domain": "shop.example"})
        yield opened


def everything_kept(home: Settings) -> bytes:
    engine = create_engine(database_url(home, "registry"), poolclass=NullPool)
    with engine.connect() as connection:
        keys = connection.scalars(text("SELECT sealed FROM data_keys")).all()
        values = connection.scalars(text("SELECT sealed FROM credentials")).all()
    return b"".join(bytes(found) for found in [*keys, *values])


@given(st.binary(max_size=200), st.text(max_size=20), st.text(max_size=20))
def test_what_is_sealed_opens_again_and_nowhere_else(value: bytes, owner: str, field: str) -> None:
    key = new_key()
    sealed = seal(key, value, (owner, field))
    assert unseal(key, sealed, (owner, field)) == value
    assert sealed_under(sealed) == key_id(key)
    for wrong_key, place in [(new_key(), (owner, field)), (key, (owner, field + "x"))]:
        with pytest.raises(DoesNotOpen):
            unseal(wrong_key, sealed, place)


@given(st.data())
def test_a_changed_byte_does_not_open(data: st.DataObject) -> None:
    key = new_key()
    sealed = bytearray(seal(key, b"value", ("shop", "token")))
    at = data.draw(st.integers(0, len(sealed) - 1))
    sealed[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(DoesNotOpen):
        unseal(key, bytes(sealed), ("shop", "token"))


def test_the_same_value_is_never_sealed_alike() -> None:
    key = new_key()
    assert len({seal(key, b"value", ("shop", "token")) for _ in range(50)}) == 50


def test_fields_are_kept_changed_and_dropped(vault: Vault) -> None:
    assert vault.read("shop") == {"token": SECRET, "shop_domain": "shop.example"}
    vault.save("shop", {"token": "other", "shop_domain": None})
    assert vault.read("shop") == {"token": "other"}
    vault.forget("shop")
    assert vault.read("shop") == {}


def test_the_database_holds_nothing_that_reads(vault: Vault, home: Settings) -> None:
    stored = everything_kept(home)
    assert SECRET.encode() not in stored
    assert read_keys(home).current not in stored


def test_a_value_moved_to_another_owner_does_not_open(vault: Vault, home: Settings) -> None:
    vault.save("other", {"token": "x"})
    engine = create_engine(database_url(home, "registry"), poolclass=NullPool)
    with engine.begin() as connection:
        for table in ("credentials", "data_keys"):
            connection.execute(
                text(
                    f"UPDATE {table} SET sealed = (SELECT sealed FROM {table} WHERE owner = 'shop' "
                    "LIMIT 1) WHERE owner = 'other'"
                )
            )
    with pytest.raises(ConfigError, match="does not open"):
        vault.read("other")


def test_what_fails_inside_is_not_kept(vault: Vault) -> None:
    def fail() -> None:
        with vault.hold("shop") as held:
            held.save({"token": "half"})
            raise ValueError("half-way")

    with pytest.raises(ValueError, match="half-way"):
        fail()
    assert vault.read("shop")["token"] == SECRET


def test_waiting_for_an_owner_is_bounded(vault: Vault) -> None:
    with (
        vault.hold("shop"),
        pytest.raises(Transient, match=r"credentials of shop were held .* for 0.2 s"),
        vault.hold("shop", wait_seconds=0.2),
    ):
        pass
    with vault.hold("shop"), vault.hold("other", wait_seconds=0.2) as other:
        assert other.fields == {}


def test_a_rotation_reseals_everything_and_drops_the_old_key(vault: Vault, home: Settings) -> None:
    before, old = everything_kept(home), read_keys(home)
    assert vault.rotate("test") == ["shop"]
    deed = vault.registry.audit.list()[0]
    assert (deed.actor, deed.action, deed.detail) == ("test", "keys.rotated", {"owners": ["shop"]})
    assert vault.read("shop")["token"] == SECRET
    after = everything_kept(home)
    assert not any(before[i : i + 32] in after for i in range(0, len(before) - 32, 32))
    (current,) = read_keys(home).keys
    assert current != old.current
    assert home.key_file.stat().st_mode & 0o777 == 0o600


def test_a_rotation_that_was_killed_is_finished_by_the_next(vault: Vault, home: Settings) -> None:
    (old,) = read_keys(home).keys
    new = new_key()
    write_keys(home, Keyring((new, old)))
    assert vault.read("shop")["token"] == SECRET
    vault.save("late", {"token": "sealed under the new key"})
    assert vault.rotate("test") == ["late", "shop"]
    assert read_keys(home).keys == (new,)
    assert vault.read("late") == {"token": "sealed under the new key"}
    assert vault.read("shop")["token"] == SECRET


def test_nothing_is_lost_while_others_write(vault: Vault) -> None:
    stop = threading.Event()
    failures: list[BaseException] = []

    def write(owner: str) -> None:
        number = 0
        try:
            while not stop.is_set():
                vault.save(owner, {"token": f"{owner} {number}"})
                assert vault.read(owner) == {"token": f"{owner} {number}"}
                number += 1
        except BaseException as error:  # noqa: BLE001 - told to the test
            failures.append(error)

    writers = [threading.Thread(target=write, args=(f"shop-{n}",)) for n in range(3)]
    for writer in writers:
        writer.start()
    try:
        for _ in range(5):
            vault.rotate("test")
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    assert failures == []
    assert vault.read("shop")["token"] == SECRET


def test_a_key_from_the_environment_is_rotated_by_its_owner(vault: Vault, home: Settings) -> None:
    def with_keys(*keys: bytes) -> Vault:
        stated = ",".join(base64.b64encode(key).decode() for key in keys)
        return Vault(home.model_copy(update={"master_key": SecretStr(stated)}), vault.registry)

    (old,) = read_keys(home).keys
    new = new_key()
    with pytest.raises(BadInput, match="put the new one before it"):
        with_keys(old).rotate("test")
    assert with_keys(new, old).rotate("test") == ["shop"]
    assert with_keys(new).read("shop")["token"] == SECRET
    with pytest.raises(ConfigError, match="another master key"):
        with_keys(old).read("shop")


def test_no_key_is_invented_where_something_is_sealed(vault: Vault, home: Settings) -> None:
    key = home.key_file.read_bytes()
    home.key_file.unlink()
    with pytest.raises(ConfigError, match="restore it from your copy"):
        initialise(home)
    assert not home.key_file.exists()
    home.key_file.write_bytes(key)
    home.key_file.chmod(0o600)
    assert initialise(home) == []


def test_another_key_is_refused_at_the_start(vault: Vault, home: Settings) -> None:
    write_keys(home, Keyring((new_key(),)))
    with pytest.raises(ConfigError, match="another master key"):
        initialise(home)


def test_a_lost_key_is_no_loss_while_nothing_is_sealed(home: Settings) -> None:
    home.key_file.unlink()
    (line,) = initialise(home)
    assert "created the master key" in line
    assert initialise(home) == []


def test_forgetting_all_leaves_connections_to_their_owners(vault: Vault, home: Settings) -> None:
    vault.registry.connections.add(
        "shop", channel="etsy", name="Shop", timezone="UTC", kind="api", actor="test"
    )
    vault.forget_all("test")
    assert vault.owners() == []
    assert vault.registry.connections.get("shop").state == "needs_reauth"
    home.key_file.unlink()
    assert len(initialise(home)) == 1
