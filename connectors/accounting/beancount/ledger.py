"""The posted entries of one connection, and the year files they stand in."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from connectors.accounting.beancount.accounts import Uses, uses_of
from connectors.accounting.beancount.generated import read, sealed
from connectors.accounting.beancount.parser import Directive, Unreadable, read_directives
from connectors.accounting.beancount.syntax import aligned, number
from mappings.model import CLEARING, PAYOUT, PostedLine, original_of

YEAR_FILES = "[0-9][0-9][0-9][0-9].beancount"
Entry = tuple[Directive, ...]


class Ledger:
    """The entries one connection has posted; change it, then ask for the files that differ.

    `folder` is the connection's folder and bears its slug. Raises ConfigError where a year file
    is not Daybook's or is not as Daybook left it.
    """

    def __init__(self, folder: Path) -> None:
        self.slug = folder.name
        self._folder = folder
        self._texts: dict[Path, str] = {}
        entries: defaultdict[str, list[Directive]] = defaultdict(list)
        for path in sorted(folder.glob(YEAR_FILES)):
            for directive in self._load(path):
                entries[directive.entry_id].append(directive)
        self._entries: dict[str, Entry] = {key: tuple(blocks) for key, blocks in entries.items()}

    def _load(self, path: Path) -> list[Directive]:
        text = read(path)
        if text is None:
            return []
        try:
            directives = read_directives(text.text, self.slug)
        except Unreadable as error:
            raise text.damaged(error.line, str(error)) from error
        self._texts[path] = text.checked().text
        return directives

    def update(self, entries: dict[str, Entry], withdrawn: Iterable[str]) -> None:
        """Insert or replace `entries`; entries named in `withdrawn` stand no longer.

        What corrected an entry goes with it.
        """
        gone = {*withdrawn, *entries}
        self._entries = {
            entry_id: entry
            for entry_id, entry in self._entries.items()
            if entry_id not in gone and original_of(entry_id) not in gone
        }
        self._entries.update(entries)

    def directives(self) -> Iterator[Directive]:
        """Yield everything posted, in the order of the books."""
        for entry in sorted(
            self._entries.values(), key=lambda blocks: (blocks[0].day, blocks[0].entry_id)
        ):
            yield from entry

    def posted(self) -> Iterator[PostedLine]:
        """Yield everything posted, posting by posting."""
        for directive in self.directives():
            yield from directive.posted(self.slug)

    def uses(self) -> Uses:
        """Return accounts and currencies of everything posted."""
        return uses_of(self.directives())

    def changed_files(self, sharing: Sequence["Ledger"]) -> dict[Path, str | None]:
        """Return the year files that differ from the disk; None is a file without entries left.

        `sharing` are all ledgers, this one among them, that post to its clearing accounts.
        """
        years: defaultdict[int, list[Directive]] = defaultdict(list)
        for directive in self.directives():
            years[directive.day.year].append(directive)
        # A clearing account may be shared by mapping, so its balance runs over all its connections.
        balances = self._balances(sharing)
        texts: dict[Path, str | None] = dict.fromkeys(self._texts)
        for year, directives in years.items():
            text = self._render_year(directives, balances)
            texts[self._folder / f"{year:04}.beancount"] = text
        return {path: text for path, text in texts.items() if text != self._texts.get(path)}

    def _render_year(self, directives: list[Directive], balances: dict[date, str]) -> str:
        paragraphs = [f"pushtag #conn-{self.slug}\n"]
        for position, directive in enumerate(directives):
            paragraphs.append(directive.text)
            following = directives[position + 1 : position + 2]
            day_ends = not following or following[0].day != directive.day
            if day_ends and directive.day in balances:
                paragraphs.append(balances[directive.day])
        paragraphs.append(f"poptag #conn-{self.slug}\n")
        return sealed("\n".join([uses_of(directives).header(), *paragraphs]))

    def _balances(self, sharing: Sequence["Ledger"]) -> dict[date, str]:
        """Return assertions of what clearing holds at the start of the day after each payout."""
        asserted = self._cleared()
        watched = set().union(*asserted.values())
        moves: defaultdict[date, list[tuple[tuple[str, str], Decimal]]] = defaultdict(list)
        for ledger in sharing:
            for directive in ledger.directives():
                moves[directive.day] += [
                    (key, posting.amount)
                    for posting in directive.postings
                    if (key := (posting.account, posting.currency)) in watched
                ]
        running: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
        balances: dict[date, str] = {}
        for day in sorted(moves):
            for key, amount in moves[day]:
                running[key] += amount
            if day in asserted:
                lines = (_balance(day, *key, running[key]) for key in sorted(asserted[day]))
                balances[day] = "".join(lines)
        return balances

    def _cleared(self) -> dict[date, set[tuple[str, str]]]:
        """Return the clearing accounts and currencies that payouts empty, by day."""
        cleared: defaultdict[date, set[tuple[str, str]]] = defaultdict(set)
        for directive in self.directives():
            if directive.part == PAYOUT:
                cleared[directive.day] |= {
                    (posting.account, posting.currency)
                    for posting in directive.postings
                    if posting.category == CLEARING
                }
        return cleared


def _balance(day: date, account: str, currency: str, amount: Decimal) -> str:
    # Without `~ 0` Beancount lets a balance be wrong by one unit of its last digit.
    exact = number(Decimal(0), currency, account)
    # Beancount asserts at the beginning of a day, so the day after is meant.
    start = f"{day + timedelta(days=1)} balance {account}"
    return f"{aligned(start, number(amount, currency, account), f'~ {exact} {currency}')}\n"
