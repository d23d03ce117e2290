"""A consent is answered once, in time, and by the browser that asked."""

import base64
import hashlib
import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from connectors.accounts.consent import ConsentRefused, answer, ask
from connectors.accounts.vault import Vault
from connectors.database.postgres import database_url
from connectors.database.registry import Registry
from connectors.home.settings import Settings

CALLBACK = "https://books.example/callback/etsy"


@pytest.fixture
def vault(home: Settings) -> Iterator[Vault]:
    """A vault beside one connection that waits for its owner's consent."""
    with Registry.open(home) as registry:
        registry.connections.add(
            "shop", channel="etsy", name="Shop", timezone="UTC", kind="api", actor="test"
        )
        yield Vault(home, registry)


def refused(vault: Vault, state: str, session: str) -> str:
    with pytest.raises(ConsentRefused) as refusal:
        answer(vault, state, session)
    assert "tart again" in str(refusal.value)
    return refusal.value.reason


def test_the_answer_finds_its_question(vault: Vault) -> None:
    question = ask(vault, "shop", "browser", CALLBACK)
    answered = answer(vault, question.state, "browser")
    assert (answered.connection, answered.redirect_uri) == ("shop", CALLBACK)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(answered.verifier.encode()).digest())
    assert question.challenge == challenge.rstrip(b"=").decode()
    assert 43 <= len(answered.verifier) <= 128
    assert vault.read("shop") == {}


def test_a_second_answer_is_a_replay(vault: Vault) -> None:
    question = ask(vault, "shop", "browser", CALLBACK)
    answer(vault, question.state, "browser")
    assert refused(vault, question.state, "browser") == "replayed"


def test_of_two_questions_for_one_connection_the_first_answer_counts(vault: Vault) -> None:
    earlier, later = (ask(vault, "shop", "browser", CALLBACK) for _ in range(2))
    answered = answer(vault, earlier.state, "browser")
    challenge = base64.urlsafe_b64encode(hashlib.sha256(answered.verifier.encode()).digest())
    assert earlier.challenge == challenge.rstrip(b"=").decode()
    assert refused(vault, later.state, "browser") == "replayed"
    assert vault.read("shop") == {}


def test_another_browser_gets_nothing_and_spoils_nothing(vault: Vault) -> None:
    question = ask(vault, "shop", "browser", CALLBACK)
    assert refused(vault, question.state, "another") == "foreign"
    assert answer(vault, question.state, "browser").connection == "shop"


def test_what_nobody_asked_is_unknown(vault: Vault) -> None:
    assert refused(vault, "made-up", "browser") == "unknown"


def test_a_late_answer_is_refused_for_good(vault: Vault, home: Settings) -> None:
    question = ask(vault, "shop", "browser", CALLBACK)
    engine = create_engine(database_url(home, "registry"), poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("UPDATE consents SET asked_at = now() - interval '601 seconds'"))
    assert refused(vault, question.state, "browser") == "expired"
    assert refused(vault, question.state, "browser") == "replayed"


def test_of_several_answers_at_once_one_counts(vault: Vault) -> None:
    question = ask(vault, "shop", "browser", CALLBACK)
    outcomes: list[str] = []
    start = threading.Barrier(6)

    def come_back() -> None:
        start.wait()
        try:
            outcomes.append(answer(vault, question.state, "browser").connection)
        except ConsentRefused as refusal:
            outcomes.append(refusal.reason)

    browsers = [threading.Thread(target=come_back) for _ in range(6)]
    for browser in browsers:
        browser.start()
    for browser in browsers:
        browser.join()
    assert sorted(outcomes) == ["replayed"] * 5 + ["shop"]


def test_neither_state_nor_session_is_kept_as_it_is(vault: Vault, home: Settings) -> None:
    question = ask(vault, "shop", "browser-session", CALLBACK)
    engine = create_engine(database_url(home, "registry"), poolclass=NullPool)
    with engine.connect() as connection:
        rows = str(connection.execute(text("SELECT * FROM consents")).all())
    assert question.state not in rows
    assert "browser-session" not in rows
