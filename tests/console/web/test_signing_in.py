"""Who gets in, who does not, and what every answer carries."""

from datetime import timedelta

import pytest

from connectors import home_lock
from connectors.errors import Transient
from console.web import sessions
from console.web.sessions import csrf_token
from tests.console.web.conftest import PASSWORD, Site


def test_nobody_sees_anything_without_signing_in(site: Site) -> None:
    with site.browser() as browser:
        asked = browser.get("/journals?x=1")
        assert asked.status_code == 303
        assert asked.headers["location"] == "/sign-in?next=/journals%3Fx%3D1"
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
    (started,) = [e for e in site.registry.audit_log() if e.action == "session.started"]
    assert started.actor == "ada"


def test_a_wrong_name_and_a_wrong_password_look_alike_and_are_slowed(site: Site) -> None:
    site.person()
    with site.browser() as browser:
        said = set()
        for user in ("ada", "eve"):
            form = {"user": user, "password": "wrong", "next": "/"}
            answer = browser.post("/sign-in", data=form)
            assert answer.status_code == 401
            said.add(answer.text.replace(user, "somebody"))
        assert len(said) == 1
        for _ in range(4):
            form = {"user": "ada", "password": "wrong", "next": "/"}
            browser.post("/sign-in", data=form)
        answer = browser.post("/sign-in", data=form | {"password": PASSWORD})
        assert answer.status_code == 429
        assert "Too many wrong passwords" in answer.text


@pytest.mark.parametrize("address", ["//evil.example", "https://evil.example/", "/\\evil.example"])
def test_signing_in_leads_nowhere_else(site: Site, address: str) -> None:
    site.person()
    with site.browser() as browser:
        form = {"user": "ada", "password": PASSWORD, "next": address}
        assert browser.post("/sign-in", data=form).headers["location"] == "/"


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
        monkeypatch.setattr(sessions, "IDLE", timedelta(0))
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
    site.person()
    kept = site.registry.password_hash("ada")
    assert kept is not None
    assert kept.startswith("$argon2id$")
    assert PASSWORD not in kept


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
        with home_lock.held(settings) as lock:
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
