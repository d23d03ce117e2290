"""Journals as files, one an entry: for an accounting program that imports them.

Where the program reads the folder itself (hledger, Ledger), a newer revision takes the place of the
older one. A CSV file may have been imported already: a newer revision is then one more file, with
the difference between the two, and an entry that is taken out is one with its opposite. A file that
somebody changed is never written over.
"""

import hashlib
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Final

from connectors.accounting.attachments import Attachment
from connectors.accounting.difference import difference
from connectors.accounting.dimensions import Dimension, DimensionValue, check_untracked
from connectors.accounting.files import datev, hledger
from connectors.accounting.files.checked import CheckedJournal
from connectors.accounting.files.templates import templates
from connectors.accounting.target import (
    BookedEntry,
    ChartAccount,
    EditedThere,
    Holding,
    Opening,
    Standing,
    TaxCode,
)
from connectors.errors import ConfigError, Permanent, Transient
from connectors.lake.atomic import sync_folder, write_atomically
from mappings.journal.suggestions import NewAccount
from mappings.model import JOURNAL, JournalEntry, settlement_of

HLEDGER: Final = "hledger"
_UNFIT: Final = re.compile(r"[^A-Za-z0-9._-]")
_LONGEST_NAME: Final = 80
DOCUMENTS: Final = "documents"


class Files:
    """A folder of journals. Callers hold one lock a folder while they post."""

    late_seconds = 0.0
    takes = frozenset((JOURNAL,))

    def __init__(self, opening: Opening) -> None:
        """Open the organisation's folder; its `form` is `hledger` or a template."""
        self._folder = opening.settings.exports_folder / opening.organisation.slug
        self._fields, self._stores = opening.access.fields, opening.stores
        self._form = self._fields["form"]

    def check(self) -> None:
        """Make the folder; raise `Transient` where that fails, `BadInput` where a field lacks."""
        if self._form == datev.DATEV:
            datev.check_fields(self._fields)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if self._in_place:
                CheckedJournal(self._folder).include()
        except OSError as error:
            raise Transient(f"{self._folder} cannot be written ({error.strerror})") from error

    def accounts(self) -> list[ChartAccount] | None:
        """Return None: the program that imports the files knows its own accounts."""
        return None

    def tax_codes(self) -> list[TaxCode] | None:
        """Return None: the program that imports the files knows its own tax codes."""
        return None

    def create_account(self, account: NewAccount) -> ChartAccount:
        """Raise `ConfigError`: a program that imports files has its own accounts."""
        raise ConfigError(f"make the account {account.name} in the program that imports the files")

    def currencies(self) -> frozenset[str] | None:
        """Return None: there are no invoices."""
        return None

    def dimensions(self) -> list[Dimension] | None:
        """Return what the files have a column for, whose values the program knows."""
        if self._form not in templates():
            return []
        names = templates()[self._form].dimensions
        return None if names is None else [Dimension(name, None) for name in names]

    def create_value(self, dimension: str, value: str) -> DimensionValue:
        """Raise `ConfigError`: a program that imports files has its own values."""
        raise ConfigError(f"make {value} of {dimension} in the program that imports the files")

    def closed_through(self) -> date | None:
        """Return None: the program that imports the files knows its own closed days."""
        return None

    def find(
        self,
        entry: JournalEntry,
        before: JournalEntry | None,
        attempt: int = 0,
        *,
        is_settled: bool = True,
    ) -> Holding | None:
        """Return the file of this revision of an entry, intact where its bytes are Daybook's."""
        path = self._path(entry)
        content = _read(path)
        if content is None:
            return None
        written = self._rendered(entry)
        # In place, the file may hold another revision: its first line names the one that it holds.
        if self._in_place and _first_line(content) != _first_line(written):
            return None
        if before is not None and not self._in_place:
            written = self._rendered(difference(before, entry))
        return Holding(self._reference(path, content), content == written)

    def post(self, entry: JournalEntry, _attempt: int) -> str:
        """Write the file of an entry; return its path and digest."""
        self.check()
        return self._write(self._path(entry), self._rendered(entry))

    def replace(
        self, reference: str, before: JournalEntry, entry: JournalEntry, _attempt: int
    ) -> str:
        """Write a newer revision: in place, or as one more file with the difference."""
        path = self._intact(reference)
        if self._in_place:
            return self._write(path, self._rendered(entry))
        return self._write(self._path(entry), self._rendered(difference(before, entry)))

    def void(self, reference: str, before: JournalEntry) -> None:
        """Remove the file of an entry, or write one more with its opposite."""
        if self._in_place and not (self._folder / reference.rpartition(" sha256:")[0]).exists():
            return
        path = self._intact(reference)
        if self._in_place:
            with self._restated(path):
                path.unlink()
            # Without it a power cut could bring the entry back into books that are said to lack it.
            sync_folder(path.parent)
            return
        opposite = difference(before, replace(before, lines=()))
        # Under a name of its own: the program may have imported the file that it takes back.
        voided = path.with_name(f"{path.stem}-voided{path.suffix}")
        self._write(voided, self._rendered(replace(opposite, revision=before.revision)))

    def attach(self, reference: str, files: Sequence[Attachment]) -> None:
        """Write files to a folder beside the entry's own; one that is there already stays."""
        folder = (self._folder / reference.rpartition(" sha256:")[0]).parent / DOCUMENTS
        try:
            folder.mkdir(exist_ok=True)
            # Days of one settlement share its document.
            attached = {path.name for path in folder.iterdir()}
            for file in files:
                if file.name not in attached:
                    write_atomically(folder / file.name, file.content)
        except OSError as error:
            raise Transient(f"{folder} cannot be written ({error.strerror})") from error

    def inspect(self, reference: str, before: JournalEntry) -> Standing:
        """Return how the file stands; its bytes alone tell."""
        name, _, digest = reference.rpartition(" sha256:")
        content = _read(self._folder / name)
        if content is None:
            return Standing("gone")
        is_intact = hashlib.sha256(content).hexdigest() == digest
        return Standing("intact" if is_intact else "edited")

    def entries(self, first: date, last: date) -> Iterator[BookedEntry]:
        """Yield nothing: the folder is Daybook's own, and the program's books are elsewhere."""
        yield from ()

    def changed_since(
        self, moment: datetime, _references: Collection[str] | None = None
    ) -> set[str] | None:
        """Return None: a file has to be looked at."""
        return None

    @property
    def _in_place(self) -> bool:
        return self._form == HLEDGER

    def _path(self, entry: JournalEntry) -> Path:
        # By the id: two entries of a day may be in one currency, where one of them was converted.
        currency = entry.entry_id.split(":")[3]
        goods = "-goods" if entry.is_of_goods else ""
        name = f"{entry.business_date}-{currency}{goods}{name_end(entry)}"
        if self._in_place:
            return self._folder / entry.connection / f"{name}.journal"
        # DATEV takes no file of another name.
        prefix = "EXTF_" if self._form == datev.DATEV else ""
        return self._folder / entry.connection / f"{prefix}{name}-r{entry.revision}.csv"

    def _rendered(self, entry: JournalEntry) -> bytes:
        store = self._stores.get(entry.connection, entry.connection)
        name = f"{entry.entry_id}#{entry.revision}"
        # DATEV would compute a tax of its own from a code.
        takes_tax = self._form in templates() and templates()[self._form].takes_tax
        if not takes_tax and any(line.tax_amount for line in entry.lines):
            raise Permanent(
                f"{entry.entry_id} leaves tax to tax codes, which these files cannot tell: write "
                "`tax: own_line` in the mapping"
            )
        dimensions = self.dimensions()
        if dimensions == []:
            check_untracked(entry, "these files")
        if self._in_place:
            return hledger.render(entry, store, name)
        if self._form == datev.DATEV:
            return datev.render(entry, store, self._fields)
        return templates()[self._form].render(entry, store, name)

    def _restated(self, path: Path) -> AbstractContextManager[None]:
        return CheckedJournal(self._folder).around(path) if self._in_place else nullcontext()

    def _write(self, path: Path, content: bytes) -> str:
        try:
            with self._restated(path):
                write_atomically(path, content)
        except OSError as error:
            raise Transient(f"{path} cannot be written ({error.strerror})") from error
        return self._reference(path, content)

    def _reference(self, path: Path, content: bytes) -> str:
        return f"{path.relative_to(self._folder)} sha256:{hashlib.sha256(content).hexdigest()}"

    def _intact(self, reference: str) -> Path:
        """Return the path of what was posted; `EditedThere` where it is not as it was."""
        name, _, digest = reference.rpartition(" sha256:")
        path = self._folder / name
        content = _read(path)
        if content is None:
            raise EditedThere(f"{path} is gone: put it back, then publish again")
        if hashlib.sha256(content).hexdigest() != digest:
            raise EditedThere(
                f"{path} was changed after Daybook wrote it: undo that, or correct it by hand"
            )
        return path


def name_end(entry: JournalEntry) -> str:
    """Return the end of a file name: the entry's settlement, and what a correction corrects."""
    settlement = settlement_of(entry.entry_id)
    name = f"-{_file_name(settlement)}" if settlement is not None else ""
    head, _, number = entry.entry_id.rpartition(":c")
    if not head or not number.isdigit():
        return name
    # The day that it corrects, as several corrections may be of one day.
    return f"{name}-corrects-{head.split(':')[2]}-{number}"


def _file_name(text: str) -> str:
    """Return a channel's id as it may stand in a file name, another one for another id."""
    plain = _UNFIT.sub("_", text)[:_LONGEST_NAME]
    return plain if plain == text else f"{plain}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Transient(f"{path} cannot be read ({error.strerror})") from error


def _first_line(content: bytes) -> bytes:
    return content.partition(b"\n")[0]
