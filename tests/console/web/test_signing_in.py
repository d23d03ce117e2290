"""Who gets in, who does not, and what every answer carries."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import argon2
import httpx2
import pytest

from connectors.errors import RateLimited, Transient
from connectors.home.lock import home_lock
from console.web import attempts, sessions
from console.web.attempts import known_device, new_device
from console.web.sessions import Sessions, csrf_token
from sandbox.browser import NO_TLS
from tests.console.web.conftest import PASSWORD, Site


def test_nobody_sees_anything_without_signing_in(site: Site) -> None:
    with site.browser() as browser:
        response = browser.get("/journals?x=1")
        assert response.status_code == 303
        assert response.headers["location"] == "/sign-in?next=/journals%3Fx%3D1"
        refused = browser.get("/api/v1/connections")
        assert refused.status_code == 401
        assert "Authorization: Bearer" in refused.json()["error"]
        page = browser.get("/sign-in")
        assert "daybook users add" in page.text


def test_the_right_password_opens_and_signing_out_closes(site: Site) -> None:
    with site.signed_in() as browser:
        assert browser.get("/sign-in").status_code == 303
        cookie = browser.cookies["daybook"]
        stale = browser.post("/sign-out", data={"csrf": "made up"})
        assert stale.status_code == 403
        out = browser.post("/sign-out", data={"csrf": csrf_token(cookie)})
        assert (out.status_code, out.headers["location"]) == (303, "/sign-in")
        assert site.console.sessions.who(cookie) is None
    (started,) = [e for e in site.registry.audit.list() if e.action == "session.started"]
    assert started.actor == "ada"


def test_a_wrong_name_and_a_wrong_password_look_alike_and_are_slowed(site: Site) -> None:
    site.add_user()
    with site.browser() as browser:
        messages = set()
        for user in ("ada", "eve"):
            form = {"user": user, "password": "wrong", "next": "/"}
            answer = browser.post("/sign-in", data=form)
            assert answer.status_code == 401
            messages.add(answer.text.replace(user, "somebody"))
        assert len(messages) == 1
        for _ in range(4):
            form = {"user": "ada", "password": "wrong", "next": "/"}
            browser.post("/sign-in", data=form)
        answer = browser.post("/sign-in", data=form | {"password": PASSWORD})
        assert answer.status_code == 429
        assert "Too many wrong passwords" in answer.text


def attempt(site: Site, user: str, password: str, device: str = "") -> int:
    """The answer's status to one attempt, in a browser that knows nothing but its device."""
    headers = {"Origin": site.url, "Cookie": f"daybook_device={device}"} if device else None
    form = {"user": user, "password": password, "next": "/"}
    headers = headers or {"Origin": site.url}
    return httpx2.post(
        f"{site.url}/sign-in", data=form, headers=headers, timeout=60, verify=NO_TLS
    ).status_code


def test_guesses_at_once_get_no_further_than_one_after_the_other(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []

    def verify(_kept: str | None, password: str) -> bool:
        hashed.append(password)
        time.sleep(0.05)
        return False

    monkeypatch.setattr(sessions, "_verified", verify)
    site.add_user()
    with ThreadPoolExecutor(12) as together:
        statuses = Counter(together.map(lambda n: attempt(site, "ada", f"guess {n}"), range(24)))
    assert statuses == {401: 5, 429: 19}
    assert len(hashed) == 5
    # Another console over the same home knows of them.
    other = Sessions(site.registry)
    with pytest.raises(RateLimited, match="try again in"):
        other.sign_in("ada", PASSWORD, "192.0.2.1")
    wrong = [e for e in site.registry.audit.list() if e.action == "password.wrong"]
    assert [(e.actor, e.subject, e.detail) for e in wrong] == [
        ("ada", "ada", {"address": "127.0.0.1"})
    ] * 5


def test_an_address_gets_no_further_with_many_names(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "_verified", lambda *_: False)
    statuses = Counter(
        attempt(site, f"name {n}", "hunter2") for n in range(attempts.PER_ADDRESS + 3)
    )
    assert statuses[429] in {2, 3}
    assert statuses[401] + statuses[429] == attempts.PER_ADDRESS + 3
    # What was typed for a name may have been a password.
    (who,) = {(e.actor, e.subject) for e in site.registry.audit.list()}
    assert who == ("unknown", "unknown")


def test_nobody_locks_somebody_out_of_their_own_browser(site: Site) -> None:
    with site.signed_in() as browser:
        device = browser.cookies["daybook_device"]
    for _ in range(attempts.PER_NAME):
        assert attempt(site, "ada", "wrong") == 401
    assert attempt(site, "ada", PASSWORD) == 429
    assert attempt(site, "ada", PASSWORD, device) == 303
    for made_up in (device[:-1], device.replace(".", ".1", 1), "..", "a.b." + "0" * 64):
        assert attempt(site, "ada", PASSWORD, made_up) == 429
    # The browser has a count of its own, and no other person's.
    for _ in range(attempts.PER_NAME):
        assert attempt(site, "ada", "wrong", device) == 401
    assert attempt(site, "ada", PASSWORD, device) == 429
    site.add_user("eve")
    assert known_device(device, "eve", site.registry.users.password_hash("eve")) is None


def test_a_device_is_a_stranger_after_a_new_password_or_half_a_year(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    device = new_device("ada", "old hash")
    assert known_device(device, "ada", "old hash") is not None
    assert known_device(device, "ada", "new hash") is None
    assert known_device(device, "ada", None) is None
    assert known_device("a.\u00b2.0", "ada", "old hash") is None
    monkeypatch.setattr(attempts, "DEVICE_SECONDS", 0)
    assert known_device(device, "ada", "old hash") is None


def test_a_password_given_again_is_counted_by_its_session(site: Site) -> None:
    with site.signed_in() as browser:
        cookie = browser.cookies["daybook"]
    for _ in range(attempts.PER_NAME):
        assert not site.console.sessions.confirm(cookie, "wrong")
    with pytest.raises(RateLimited):
        site.console.sessions.confirm(cookie, PASSWORD)
    assert attempt(site, "ada", PASSWORD) == 303


def test_few_passwords_are_hashed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    running, most = set[int](), 0
    lock = threading.Lock()

    def verify(_hasher: object, *_words: str) -> bool:
        nonlocal most
        with lock:
            running.add(threading.get_ident())
            most = max(most, len(running))
        time.sleep(0.02)
        with lock:
            running.discard(threading.get_ident())
        return True

    monkeypatch.setattr(argon2.PasswordHasher, "verify", verify)
    with ThreadPoolExecutor(10) as together:
        assert all(together.map(lambda _: sessions._verified("hash", "password"), range(20)))
    assert most == 2


@pytest.mark.parametrize(("address", "other"), [("2001:db8::1", "2001:db8::ffff:1")])
def test_an_ipv6_network_is_one_address(address: str, other: str) -> None:
    assert attempts.counts("ada", address) == attempts.counts("ada", other)
    assert attempts.counts("ada", address) != attempts.counts("ada", "2001:db8:0:1::1")


def test_what_no_database_takes_is_a_wrong_name(site: Site) -> None:
    assert attempt(site, "ada\0", PASSWORD) == 401
    assert attempt(site, "ada", "\0" * 40) == 401


ELSEWHERE = ("//evil.example", "https://evil.example/", "/\\evil.example")
UNREADABLE = ("//[", "http://[", "/a\r\nX: y", "/\0")


@pytest.mark.parametrize("address", ELSEWHERE + UNREADABLE)
def test_signing_in_leads_nowhere_else(site: Site, address: str) -> None:
    site.add_user()
    with site.browser() as browser:
        form = {"user": "ada", "password": PASSWORD, "next": address}
        assert browser.post("/sign-in", data=form).headers["location"] == "/"
        assert browser.get("/sign-in", params={"next": address}).status_code in {303, 400}


def test_another_site_cannot_act_with_our_cookie(site: Site) -> None:
    with site.signed_in() as browser:
        for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}):
            answer = browser.post("/sign-out", data={"csrf": "x"}, headers=headers)
            assert answer.status_code == 403
            assert "own pages" in answer.text


def test_a_session_ends_by_itself(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    with site.signed_in() as browser:
        cookie = browser.cookies["daybook"]
        assert site.console.sessions.who(cookie) is not None
        monkeypatch.setattr(sessions, "INACTIVITY_LIMIT", timedelta(0))
        assert site.console.sessions.who(cookie) is None


def test_every_answer_is_guarded(site: Site) -> None:
    with site.browser() as browser:
        answer = browser.get("/sign-in")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["cache-control"] == "no-store"
        assert "script-src" in answer.headers["content-security-policy"]
    with site.signed_in() as browser:
        (session,) = [c for c in browser.cookies.jar if c.name == "daybook"]
        assert session.has_nonstandard_attr("HttpOnly")
        assert session.get_nonstandard_attr("SameSite") == "lax"


def test_a_password_is_kept_as_a_hash(site: Site) -> None:
    site.add_user()
    stored_hash = site.registry.users.password_hash("ada")
    assert stored_hash is not None
    assert stored_hash.startswith("$argon2id$")
    assert PASSWORD not in stored_hash


def test_ready_says_whether_the_home_does_its_work(site: Site) -> None:
    settings = site.console.settings
    with site.browser() as anybody:
        alone = anybody.get("/ready")
        assert alone.status_code == 200
        assert alone.json() == {
            "ready": True,
            "database": "ok",
            "daemon": "not expected",
            "daemon_heartbeat": None,
            "dated_in_the_future": [],
            "failed_days": 0,
            "held_entries": 0,
        }
        with home_lock(settings) as lock:
            lock.record([])
            away = anybody.get("/ready")
        assert (away.status_code, away.json()["daemon"]) == (503, "away")


def test_ready_says_that_the_database_is_away(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise Transient("PostgreSQL does not answer")

    monkeypatch.setattr("console.web.readiness.daemon_status", refuse)
    with site.browser() as anybody:
        answer = anybody.get("/ready")
    assert (answer.status_code, answer.json()) == (503, {"ready": False, "database": "away"})
