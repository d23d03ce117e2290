"""Amazon's sites, and how each writes its reports."""

import gzip
from dataclasses import dataclass
from datetime import datetime

from sandbox.amazon_files import Line

# The dotted form of Europe's files is reported by many and UNCONFIRMED by Amazon.
_DOTTED, _DASHED = "%d.%m.%Y %H:%M:%S UTC", "%Y-%m-%d %H:%M:%S UTC"


@dataclass(frozen=True)
class Site:
    """One marketplace of the region: its id, how its files name and write things."""

    id: str
    name: str
    currency: str
    mark: str = "."
    form: str = _DASHED
    charset: str = "utf-8"
    withholds: str | None = None


UNITED_KINGDOM = Site("A1F83G8C2ARO7P", "Amazon.co.uk", "GBP", form=_DOTTED, withholds="VAT")
# Latin-1: a file's charset stands in the Content-Type of its answer and nowhere else.
GERMANY = Site("A1PA6795UKMFR9", "Amazon.de", "EUR", ",", _DOTTED, "iso-8859-1")
UNITED_STATES = Site("ATVPDKIKX0DER", "Amazon.com", "USD", withholds="Tax")
CANADA = Site("A2EUQ1WTGCTBG2", "Amazon.ca", "CAD")


def packed(content: bytes, number: str) -> tuple[bytes, str | None]:
    """Return how a document is stored: every other one as gzip."""
    if int(number[-1]) % 2:
        return content, None
    return gzip.compress(content, mtime=0), "GZIP"


def site_row(row: Line, at: datetime, site: Site) -> Line:
    """Return the row as the site's file has it."""
    stamp = f"{at:{site.form}}"
    decimal = row["amount"].replace(".", site.mark)
    return {**row, "amount": decimal, "posted-date": stamp[:10], "posted-date-time": stamp}
