"""A Tryton database with two companies, dumped once: `python -m tests.tryton.prepare`.

Making it takes most of a minute, loading it a second. It is kept in the environment, under a name
that changes with the versions and with this module.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from connectors.database import postgres
from connectors.database.postgres.programs import wheel_folder
from connectors.home.settings import Settings
from tests.conftest import Server
from tests.tryton.program import (
    LOCK,
    PASSWORD,
    Administrator,
    arguments,
    database_uri,
    day,
    environment,
    number,
    running,
)

COMPANIES = ("Harbour Gifts", "Quay Gifts")
USER, USER_PASSWORD = "daybook", "a-user-of-its-own"
YEAR = 2026


def prepared(server: Server) -> Path:
    """The dump; it is made on a server where it is not there yet."""
    digest = hashlib.sha256(LOCK.read_bytes() + Path(__file__).read_bytes()).hexdigest()
    dump = Path(sys.prefix) / "tryton" / f"{digest[:16]}.dump"
    dump.parent.mkdir(exist_ok=True)
    with (dump.parent / ".lock").open("w") as lock:
        # The other test workers wait for the first one's.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not dump.exists():
            _make(server, dump)
    return dump


def load(server: Server) -> str:
    """A database of the dump; its name."""
    dump = prepared(server)
    name = server.copy("template1")
    _run("pg_restore", "--no-owner", "-d", database_uri(server.url, name), str(dump))
    return name


def _make(server: Server, dump: Path) -> None:
    name = server.copy("template1")
    uri = database_uri(server.url, name)
    with tempfile.TemporaryDirectory() as folder:
        password = Path(folder, "password")
        password.write_text(PASSWORD)
        words = ("-d", name, "-u", "account", "--activate-dependencies", "--email", "a@example.com")
        subprocess.run(
            arguments("trytond-admin", *words),
            env=environment(uri, TRYTONPASSFILE=str(password)),
            check=True,
        )
        with running(uri, name, Path(folder)) as url:
            _set_up(Administrator.login(url, name))
    unfinished = dump.with_suffix(".part")
    _run("pg_dump", "-Fc", "-f", str(unfinished), uri)
    server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    unfinished.rename(dump)


def _run(program: str, *words: str) -> None:
    path = wheel_folder() / "bin" / program
    subprocess.run([str(path), *words], check=True, env={**os.environ, "PGOPTIONS": ""})


def _set_up(tryton: Administrator) -> None:
    (pound,) = tryton.call(
        "model.currency.currency.create",
        [
            {
                "name": "Pound Sterling",
                "symbol": "£",
                "code": "GBP",
                "digits": 2,
                "rounding": number("0.01"),
                "rates": [["create", [{"date": day(2020, 1, 1), "rate": number("1")}]]],
            }
        ],
    )
    companies = [_company(tryton, name, pound) for name in COMPANIES]
    tryton.call(
        "model.res.user.create",
        [
            {
                "name": "Daybook",
                "login": USER,
                "password": USER_PASSWORD,
                "email": "books@example.com",
                "groups": [["add", [_one(tryton, "res.group", ["name", "=", "Accounting"])]]],
                "companies": [["add", companies]],
                "company": companies[0],
                # Otherwise the first company's records alone are shown.
                "company_filter": "all",
            }
        ],
    )


def _company(tryton: Administrator, name: str, currency: int) -> int:
    """A company with Tryton's universal chart and a year of twelve periods."""
    (party,) = tryton.call("model.party.party.create", [{"name": name}])
    company = tryton.call("model.company.company.create", [{"party": party, "currency": currency}])[
        0
    ]
    administrator = _one(tryton, "res.user", ["login", "=", "admin"])
    changes = {"companies": [["add", [company]]], "company": company}
    tryton.call("model.res.user.write", [administrator], changes)
    tryton.context = {"company": company}
    template = _one(tryton, "account.account.template", ["parent", "=", None])
    chosen = {"account": {"account_template": template, "company": company}}
    tryton.wizard("account.create_chart", ("account", {}), ("create_account", chosen))
    kind = _one(tryton, "ir.sequence.type", ["name", "=", "Account Move"])
    (sequence,) = tryton.call(
        "model.ir.sequence.strict.create",
        [{"name": "Moves", "sequence_type": kind, "company": company}],
    )
    (year,) = tryton.call(
        "model.account.fiscalyear.create",
        [
            {
                "name": str(YEAR),
                "start_date": day(YEAR, 1, 1),
                "end_date": day(YEAR, 12, 31),
                "company": company,
                "move_sequence": sequence,
            }
        ],
    )
    tryton.call("model.account.fiscalyear.create_period", [year])
    return int(company)


def _one(tryton: Administrator, model: str, clause: list[Any]) -> int:
    (record,) = tryton.call(f"model.{model}.search", [clause])
    return int(record)


def main() -> None:
    """Make the dump on a server of its own."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder) / "home", database_url=None)
        postgres.ensure_database(settings)
        try:
            server = Server(make_url(postgres.database_url(settings, "public")), Path(folder))
            print(prepared(server))
        finally:
            postgres.stop(settings)


if __name__ == "__main__":
    main()
