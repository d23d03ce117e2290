"""One company of a Tryton database: its accounts, periods, journal and moves.

Facts: trytond_account 8.2. A domain narrows a search to the company: a user may work for several.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Final

from connectors.accounting.target import ChartAccount, PeriodClosed
from connectors.accounting.tryton.authorisation import COMPANY, JOURNAL, TRYTON
from connectors.accounting.tryton.rpc import TITLE, Record, TrytonRefusal, TrytonServer
from connectors.accounts.platform import Access
from connectors.errors import BadInput, ConfigError, Permanent, Transient

MOVE: Final = "account.move"
ATTACHMENT: Final = "ir.attachment"
_ACCOUNT_FIELDS: Final = (
    "code",
    "name",
    "closed",
    "party_required",
    "second_currency",
    "type.name",
)
_MOVE_FIELDS: Final = (
    "state",
    "date",
    "origin",
    "description",
    "lines.account.code",
    "lines.account",
    "lines.debit",
    "lines.credit",
    "lines.description",
    "lines.party",
    "lines.reconciliation",
)
_WILDCARDS = re.compile(r"([\\%_])")


class TrytonCompany:
    """The records of one company that posting needs."""

    def __init__(self, access: Access) -> None:
        """Ask nothing yet."""
        self._id = int(access.fields[COMPANY])
        self._journal_code = access.fields.get(JOURNAL)
        self._server = TrytonServer(access, TRYTON.sign(access), {"company": self._id})

    @cached_property
    def journal(self) -> int:
        """Return the number of the journal to post in; `BadInput` where it is not there."""
        code = self._journal_code
        sought = ["code", "=", code] if code else ["type", "=", "general"]
        journals = self._server.search("account.journal", [sought], ["code"])
        if not journals:
            raise BadInput(
                f"{TITLE} has no journal {code or 'of the type general'}: name another one"
            )
        return int(journals[0]["id"])

    @cached_property
    def accounts(self) -> dict[str, Record]:
        """Return the accounts that lines may name, by code; those without a code cannot be."""
        listed = self._server.search(
            "account.account",
            [*self._mine, ["type", "!=", None], ["code", "!=", None]],
            _ACCOUNT_FIELDS,
        )
        return {account["code"]: account for account in listed}

    def account_id(self, code: str) -> int:
        """Return the number of an account; `Permanent` where there is none of this code."""
        account = self.accounts.get(code)
        if account is None:
            raise Permanent(f"{TITLE} has no account {code}: correct the mapping")
        return int(account["id"])

    def check(self) -> None:
        """Raise where Tryton does not answer, or lacks what every entry needs."""
        self.journal  # noqa: B018 - looked for before anything is sent
        if not self.periods():
            raise ConfigError(
                f"{TITLE} shows its user no periods of the company: make its fiscal year, and let "
                "the user see the records of all companies"
            )

    def periods(self) -> list[Record]:
        """Return the company's periods by their days; those for adjustments lie over the others."""
        periods = self._server.search(
            "account.period",
            [*self._mine, ["type", "=", "standard"]],
            ["start_date", "end_date", "state"],
        )
        return sorted(periods, key=lambda period: period["start_date"])

    def rates(self) -> list[Record]:
        """Return every rate of every currency, `date`, `rate` and the currency's code."""
        return self._server.search("currency.currency.rate", [], ["date", "rate", "currency.code"])

    def open_period(self, day: date) -> int:
        """Return the number of a day's period; `PeriodClosed`, `ConfigError` without one."""
        for period in self.periods():
            if period["start_date"] <= day <= period["end_date"]:
                if period["state"] != "open":
                    raise PeriodClosed(f"the period of {day} is closed in {TITLE}: open it there")
                return int(period["id"])
        raise ConfigError(f"{TITLE} has no period for {day}: make its fiscal year there")

    def create(
        self, day: date, text: str, lines: Sequence[Mapping[str, object]], origin: str | None
    ) -> int:
        """Make a draft; return its number."""
        move = {
            "company": self._id,
            "journal": self.journal,
            "period": self.open_period(day),
            "date": day,
            "description": text,
            "origin": origin,
            "lines": [["create", lines]],
        }
        try:
            (number,) = self._server.call(f"model.{MOVE}.create", [move])
        except TrytonRefusal:
            # Closed since it was looked at: then that is the reason, in whatever words.
            self.open_period(day)
            raise
        return int(number)

    def post(self, number: int, day: date) -> None:
        """Post a draft; one that is posted already stays so."""
        try:
            self._server.call(f"model.{MOVE}.post", [number])
        except TrytonRefusal:
            # An earlier call, whose answer was lost, may have posted it.
            move = self.move(number)
            if move is not None and move["state"] == "posted":
                return
            self.open_period(day)
            raise

    def delete(self, drafts: Iterable[Record]) -> None:
        """Delete drafts; `Transient` where one was posted meanwhile, by a call that is late."""
        for draft in drafts:
            try:
                self._server.call(f"model.{MOVE}.delete", [draft["id"]])
            except TrytonRefusal as error:
                raise Transient(f"{TITLE}: a draft changed meanwhile: try again") from error

    def move(self, number: int) -> Record | None:
        """Return one move; None where it was deleted."""
        return next(iter(self._moves([["id", "=", number]])), None)

    def moves_of(self, entry_id: str) -> list[Record]:
        """Return every move that is marked as a revision of an entry, oldest first."""
        name = _WILDCARDS.sub(r"\\\1", entry_id)
        return self._moves([["description", "like", f"%[{name}#%"]])

    def moves_between(self, first: date, last: date) -> list[Record]:
        """Return the posted moves of some days, both included, oldest first."""
        days = [["date", ">=", first], ["date", "<=", last]]
        return self._moves([*days, ["state", "=", "posted"]])

    def attachments(self, number: int) -> set[str]:
        """Return the names of the files that are attached to a move."""
        domain = [["resource", "=", f"{MOVE},{number}"]]
        return {each["name"] for each in self._server.search(ATTACHMENT, domain, ["name"])}

    def attach(self, number: int, name: str, content: bytes) -> None:
        """Attach a file to a move."""
        file = {"name": name, "type": "data", "data": content, "resource": f"{MOVE},{number}"}
        self._server.call(f"model.{ATTACHMENT}.create", [file])

    def originating(self, numbers: Sequence[int], state: str) -> list[Record]:
        """Return the moves of a state whose origins are moves: their reversals."""
        if not numbers:
            return []
        origins = [f"{MOVE},{number}" for number in numbers]
        return self._moves([["origin", "in", origins], ["state", "=", state]])

    @property
    def _mine(self) -> list[object]:
        return [["company", "=", self._id]]

    def _moves(self, domain: Sequence[object]) -> list[Record]:
        return self._server.search(MOVE, [*self._mine, *domain], _MOVE_FIELDS)


def chart_account(account: Record) -> ChartAccount:
    """Return an account as a mapping may name it."""
    refusal = None
    if account["closed"]:
        refusal = "is closed"
    elif account["party_required"]:
        refusal = "needs a party on each line: take another"
    elif account["second_currency"]:
        refusal = "is kept in another currency: take another"
    return ChartAccount(account["code"], account["name"], account["type."]["name"], refusal)
