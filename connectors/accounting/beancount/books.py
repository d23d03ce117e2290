"""The books folder: one hand-editable main file, and generated files that it includes.

main.beancount                          yours, written once
accounts.beancount  prices.beancount    generated
connections/<slug>/<year>.beancount     generated
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from connectors.accounting.beancount.accounts import (
    Uses,
    declared_in,
    render_accounts,
    uses_in,
)
from connectors.accounting.beancount.bean_check import BeanCheckResult, check
from connectors.accounting.beancount.generated import read_intact, remove, replace, sealed
from connectors.accounting.beancount.ledger import YEAR_FILES, Entry, Ledger
from connectors.accounting.beancount.parser import read_directive
from connectors.accounting.beancount.prices import Price, render_prices
from connectors.accounting.beancount.renderer import render_entry
from connectors.accounting.beancount.syntax import quoted
from connectors.accounting.beancount.verdicts import known_verdict, verdict
from connectors.errors import Permanent
from mappings.model import JournalEntry, PostedLine

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_CURRENCY = re.compile("[A-Z]{3}")
_MAIN = """\
;; These are your books: edit this file as you like, Daybook never writes it again.
;; Directives of your own belong here or in files that you include here.

option "title" {title}

;; Reports show every currency you sell in, unless you name yours:
;; option "operating_currency" "EUR"

option "inferred_tolerance_default" "*:0.005"

plugin "beancount.plugins.check_commodity"
plugin "beancount.plugins.leafonly"

include "accounts.beancount"
include "prices.beancount"
include "connections/**/*.beancount"

2000-01-01 custom "fava-option" "default-file"
2000-01-01 custom "fava-option" "invert-income-liabilities-equity" "true"
"""


@dataclass(frozen=True, slots=True)
class Published:
    """The result of one publication to the folder; `entries` counts those it was given."""

    files_written: tuple[Path, ...]
    entries: int
    files_removed: tuple[Path, ...] = ()


class Books:
    """The Beancount target. Callers hold one lock a folder while they publish."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def main_file(self) -> Path:
        """Return the file that Beancount and Fava open."""
        return self._folder / "main.beancount"

    def initialise(self, title: str = "Daybook") -> None:
        """Make what is missing of an empty set of books; nothing that exists is touched."""
        # A glob that matches nothing is an error to Beancount.
        empty = self._connections_folder / "_empty.beancount"
        for path in (empty, self._folder / "prices.beancount"):
            if not path.exists():
                replace(path, sealed(""))
        if not self.accounts_file.exists():
            replace(self.accounts_file, render_accounts(Uses()))
        if not self.main_file.exists():
            replace(self.main_file, _MAIN.format(title=quoted(title)))

    def connections(self) -> list[str]:
        """Return the slugs that have a year file."""
        slugs = {path.parent.name for path in self._connections_folder.glob(f"*/{YEAR_FILES}")}
        return sorted(slug for slug in slugs if _SLUG.fullmatch(slug))

    def posted(self, connections: Sequence[str] | None = None) -> list[PostedLine]:
        """Return the postings in the files' text, in the order of the books.

        Raises ConfigError naming file and line where a file is not as Daybook wrote it.
        """
        slugs = self.connections() if connections is None else connections
        return [line for slug in slugs for line in self._ledger(slug).posted()]

    def publish(
        self,
        connection: str,
        name: str,
        entries: Sequence[JournalEntry],
        withdrawn: Sequence[str] = (),
    ) -> Published:
        """Put `entries` in the books, in place of what they posted before; drop `withdrawn`.

        `name` is the connection's display name. Every file is checked before one is written:
        ConfigError where a hand changed a generated file, Permanent where an entry is wrong.
        """
        by_key = _rendered(connection, name, entries, withdrawn)
        self.initialise()
        ledger = self._ledger(connection)
        # From the headers alone: reading every journal again would take seconds.
        before = {slug: self._uses(slug) for slug in self.connections()}
        ledger.update(by_key, withdrawn)
        after = {**before, connection: ledger.uses()}
        moved = before.get(connection, Uses()).accounts | after[connection].accounts
        files = self._changed_files(ledger, after, moved)
        # An edited generated file must not be overwritten, however it came about.
        read_intact(self.accounts_file)
        return self._write(files, before.values(), after.values(), len(by_key))

    def refresh_accounts(self) -> bool:
        """Open what is posted and the owner does not open; False where that is so already.

        ConfigError where a hand changed the generated file.
        """
        if not self.main_file.exists():
            return False
        uses = Uses()
        for slug in self.connections():
            uses |= self._uses(slug)
        return replace(self.accounts_file, render_accounts(uses, declared_in(self.main_file)))

    @property
    def currencies(self) -> frozenset[str]:
        """Return the currencies that the books know: those posted, and the owner's own."""
        uses = Uses()
        for slug in self.connections():
            uses |= self._uses(slug)
        return uses.currencies | {n for n in declared_in(self.main_file) if _CURRENCY.fullmatch(n)}

    def write_prices(self, prices: Iterable[Price]) -> bool:
        """Write the prices that reports convert by, oldest first; False where they stand so.

        ConfigError where a hand changed the generated file.
        """
        self.initialise()
        return replace(self._folder / "prices.beancount", render_prices(prices))

    def verdict(self, record: Path) -> BeanCheckResult | None:
        """Return what `bean-check` says; run it only where the books differ from `record`."""
        return verdict(self.main_file, record)

    def known_verdict(self, record: Path) -> BeanCheckResult | None:
        """Return what `bean-check` said of the books as they are; None where it did not run yet."""
        return known_verdict(self.main_file, record)

    def check(self) -> BeanCheckResult | None:
        """Return what `bean-check` says; None when that program is not installed."""
        return check(self.main_file)

    @property
    def _connections_folder(self) -> Path:
        return self._folder / "connections"

    @property
    def accounts_file(self) -> Path:
        """Return the generated file of what is used: accounts and currencies."""
        return self._folder / "accounts.beancount"

    def _ledger(self, slug: str) -> Ledger:
        if not _SLUG.fullmatch(slug):
            raise Permanent(f"{slug!r} is not a connection's slug")
        return Ledger(self._connections_folder / slug)

    def _uses(self, slug: str) -> Uses:
        uses = Uses()
        for path in (self._connections_folder / slug).glob(YEAR_FILES):
            uses |= uses_in(path)
        return uses

    def _changed_files(
        self, ledger: Ledger, uses: dict[str, Uses], moved: frozenset[str]
    ) -> dict[Path, str | None]:
        """Return year files that differ, of this connection and of those whose clearing it moves.

        Money may go from one connection's clearing account to another's, and a balance
        assertion includes every posting on its account.
        """
        ledgers = {ledger.slug: ledger}
        files: dict[Path, str | None] = {}
        for slug in sorted(uses):
            clearing = uses[slug].clearing
            # Only connections that share a clearing account have balance assertions to change.
            if slug != ledger.slug and not clearing & moved:
                continue
            sharing = {slug, *(other for other in uses if uses[other].accounts & clearing)}
            for other in sharing - ledgers.keys():
                ledgers[other] = self._ledger(other)
            files |= ledgers[slug].changed_files([ledgers[other] for other in sorted(sharing)])
        return files

    def _write(
        self,
        files: dict[Path, str | None],
        before: Iterable[Uses],
        after: Iterable[Uses],
        entries: int,
    ) -> Published:
        declared = declared_in(self.main_file)
        final = Uses()
        for uses in after:
            final |= uses
        meanwhile = final
        for uses in before:
            meanwhile |= uses
        texts = {path: text for path, text in files.items() if text is not None}
        gone = tuple(sorted(files.keys() - texts.keys()))
        written = set()
        # Accounts open before and close after the files that use them are replaced, so that the
        # books load at every moment in between.
        if replace(self.accounts_file, render_accounts(meanwhile, declared)):
            written.add(self.accounts_file)
        for path in sorted(texts):
            if replace(path, texts[path]):
                written.add(path)
        for path in gone:
            remove(path)
        if replace(self.accounts_file, render_accounts(final, declared)):
            written.add(self.accounts_file)
        return Published(tuple(sorted(written)), entries, gone)


def _rendered(
    connection: str, name: str, entries: Sequence[JournalEntry], withdrawn: Sequence[str]
) -> dict[str, Entry]:
    """Return the entries by id, as what their text reads back as."""
    by_key: dict[str, Entry] = {}
    for entry in entries:
        if entry.connection != connection:
            raise Permanent(f"{entry.entry_id} belongs to {entry.connection}, not {connection}")
        if entry.entry_id in by_key or entry.entry_id in withdrawn:
            raise Permanent(f"{entry.entry_id} is published and withdrawn, or published twice")
        by_key[entry.entry_id] = tuple(map(read_directive, render_entry(entry, name)))
    return by_key
