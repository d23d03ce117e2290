"""Making a home: everything once, nothing of an owner's lost."""

import base64
import multiprocessing
import os
import stat
from pathlib import Path

import pytest
import yaml

from connectors.database import postgres
from connectors.database.registry import Registry
from connectors.errors import BadInput
from connectors.home import dagster_yaml
from connectors.home.home import initialise
from connectors.home.settings import Settings


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_home_says_what_was_made(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "deep" / "home", database_url=None)
    try:
        steps = initialise(settings)
        assert any("master key" in line for line in steps)
        assert any("PostgreSQL server" in line for line in steps)
        assert any(f"version {Registry.head_version()}" in line for line in steps)
        assert initialise(settings) == []
        with Registry.open(settings) as registry:
            assert registry.connections.list() == []
    finally:
        postgres.stop(settings)


def test_a_home_may_be_made_by_several_at_once(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", database_url=None)
    context = multiprocessing.get_context("fork")
    makers = [context.Process(target=initialise, args=(settings,)) for _ in range(4)]
    try:
        for maker in makers:
            maker.start()
        for maker in makers:
            maker.join(120)
        assert [maker.exitcode for maker in makers] == [0] * 4
        assert initialise(settings) == []
    finally:
        postgres.stop(settings)


def test_a_home_is_closed_to_others(home: Settings) -> None:
    folders = [home.home, home.dagster_home, home.key_file.parent, home.lake_folder]
    assert [mode(folder) for folder in folders] == [0o700] * 4
    assert mode(home.key_file) == 0o600
    assert len(base64.b64decode(home.key_file.read_bytes())) == 32


def test_making_it_again_changes_nothing(home: Settings) -> None:
    key = home.key_file.read_bytes()
    assert initialise(home) == []
    assert home.key_file.read_bytes() == key


def test_a_home_that_was_opened_is_closed_again(home: Settings) -> None:
    home.home.chmod(0o755)
    assert initialise(home) == [f"closed {home.home} to other accounts"]
    assert mode(home.home) == 0o700


def test_a_folder_that_holds_other_things_keeps_its_mode(home: Settings, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o755)
    (shared / "letters").touch()
    initialise(Settings(home=shared, database_url=home.database_url))
    assert mode(shared) == 0o755


def test_a_lost_part_is_made_again(home: Settings) -> None:
    home.key_file.unlink()
    (home.dagster_home / "dagster.yaml").unlink()
    assert len(initialise(home)) == 2


def test_a_file_in_the_way_is_named(home: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadInput, match="file"):
        initialise(Settings(home=tmp_path / "file", database_url=home.database_url))


def test_further_steps_run_last(home: Settings) -> None:
    def first_books(settings: Settings) -> list[str]:
        assert (settings.dagster_home / "dagster.yaml").exists()
        return ["wrote the first books"]

    assert initialise(home, [first_books]) == ["wrote the first books"]


def test_dagster_finds_its_storage_and_no_path_of_this_home(home: Settings) -> None:
    text = (home.dagster_home / "dagster.yaml").read_text()
    parsed = yaml.safe_load(text)
    assert parsed["event_log_storage"]["module"] == "pipelines.storage"
    assert parsed["telemetry"] == {"enabled": False}
    assert str(home.home) not in text


def test_an_older_template_is_replaced_and_an_edited_file_is_kept(home: Settings) -> None:
    path = home.dagster_home / "dagster.yaml"
    older = "telemetry:\n  enabled: false\n"
    mark = dagster_yaml.rendered().partition("digest ")[0]
    path.write_text(f"{mark}digest {dagster_yaml.digest(older)}\n{older}")
    assert dagster_yaml.state(path) == "outdated"
    assert initialise(home) == [f"wrote {path}"]
    edited = path.read_text() + "sensors: {use_threads: false}\n"
    path.write_text(edited)
    assert initialise(home) == []
    assert path.read_text() == edited


def test_no_temporary_file_is_left(home: Settings) -> None:
    assert [path for path in home.home.rglob(".tmp-*")] == []
    assert os.access(home.scratch_folder, os.W_OK)


@pytest.mark.parametrize(
    ("url", "is_public"),
    [
        ("https://books.example/day", True),
        ("https://1.1.1.1", True),
        ("http://books.example", False),
        *((f"https://{host}", False) for host in ("localhost:8080", "127.0.0.1", "[::1]", "nas")),
        *((f"https://{host}", False) for host in ("10.0.0.5", "books.local", "books.localhost")),
    ],
)
def test_others_are_sent_no_address_of_this_machine_or_network(url: str, is_public: bool) -> None:
    assert Settings(public_url=url).public_address == (url if is_public else None)
