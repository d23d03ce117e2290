"""Whatever a file looks like: it is taken whole, to the cent, or it is refused."""

import random
import string
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from connectors.channels import CHANNELS
from connectors.database.registry import Registry
from connectors.documents.control_totals import business_day
from connectors.documents.ingest import parse_file
from connectors.documents.manifest import Manifest
from connectors.documents.source_file import SourceFile
from connectors.errors import TotalsMismatch
from connectors.home.settings import Settings
from connectors.lake.engine import open_engine
from pipelines.stages.workspace import Workspace
from sandbox import amazon_files as amazon
from tests.channels import etsy_files as etsy
from tests.channels.house import House

FEW = settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
KINDS = [
    ("Order", "ItemPrice", "Principal"),
    ("Order", "ItemFees", "Commission"),
    ("Refund", "ItemPrice", "Principal"),
    ("other-transaction", "other-transaction", "Moon Landing Surcharge"),
]
FORMS = [
    (".", "%Y-%m-%d %H:%M:%S UTC"),
    (",", "%d.%m.%Y %H:%M:%S UTC"),
    (".", "%d/%m/%Y %H:%M:%S UTC"),
    (".", "%Y-%m-%dT%H:%M:%S+00:00"),
]
MOMENTS = st.datetimes(datetime(2026, 3, 14), datetime(2026, 3, 27))  # noqa: DTZ001
CENTS = st.integers(-10_000_000, 10_000_000)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(home=tmp_path_factory.mktemp("desk"), database_url=None, threads=1)


def read(desk: Settings, channel: str, content: str | bytes, zone: str = "UTC") -> Manifest:
    content = content.encode() if isinstance(content, str) else content
    source_file = SourceFile("statement.txt", content)
    return parse_file(desk, CHANNELS[channel], source_file, connection="store", time_zone=zone)


def written(cents: int, mark: str, grouped: bool) -> str:
    text = f"{Decimal(cents) / 100:{',' if grouped else ''}.2f}"
    return text if mark == "." else text.translate(str.maketrans(",.", ".,"))


@st.composite
def reports(draw: st.DrawFn) -> tuple[str, list[Decimal]]:
    """A settlement report in one of the forms Amazon writes, and its amounts in order."""
    mark, form = draw(st.sampled_from(FORMS))
    cents = draw(st.lists(CENTS, min_size=1, max_size=12))
    grouped = draw(st.booleans())
    lines = [
        amazon.line(
            *draw(st.sampled_from(KINDS)),
            written(amount, mark, grouped) + " " * draw(st.integers(0, 3)),
            at=draw(MOMENTS).strftime(form),
            sku="KÄNNCHEN",
            order_id=draw(st.sampled_from(["1", "2"])),
        )
        for amount in cents
    ]
    extra = draw(st.lists(st.text(string.ascii_lowercase, min_size=9, max_size=12), max_size=2))
    columns = draw(st.permutations([*amazon.V2, *dict.fromkeys(extra)]))
    # The period has a day above 12, so that the order of day and month is not in doubt.
    limits = {
        name: datetime(2026, 3, day, 1, 2, 3, tzinfo=UTC).strftime(form)
        for name, day in (("start", 13), ("end", 28), ("deposit", 30))
    }
    text = amazon.report(
        lines, columns=columns, total=written(sum(cents), mark, grouped), mark=mark, **limits
    )
    return text, [Decimal(amount) / 100 for amount in cents]


@FEW
@given(
    made=reports(),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    newline=st.sampled_from(["\n", "\r\n"]),
)
def test_a_report_in_any_form_comes_back_line_by_line(
    made: tuple[str, list[Decimal]],
    encoding: str,
    newline: str,
    registry: Registry,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    text, amounts = made
    house = fresh_house(registry, tmp_path_factory.mktemp("store"))
    manifest = house.take(text.replace("\n", newline).encode(encoding)).manifest
    assert (manifest.lines, manifest.total) == (len(amounts), sum(amounts))
    assert not house.normalise().failed
    lines = sorted(
        (row for row in house.rows() if row["payout_id"] is None), key=lambda row: row["row"]
    )
    assert [row["amount"] for row in lines] == amounts
    assert {row["sku"] for row in lines} == {"KÄNNCHEN"}
    assert sum(row["amount"] for row in house.rows()) == 0


def fresh_house(registry: Registry, home: Path) -> House:
    existing = [c for c in registry.connections.list() if c.slug == "store"]
    if not existing:
        return House.build(registry, home)
    empty = Settings(home=home, database_url=None, threads=1)
    return House(Workspace(empty, registry), existing[0])


@FEW
@given(made=reports(), where=st.randoms(), by=st.sampled_from([-1, 1]))
def test_one_cent_anywhere_is_found(
    desk: Settings, made: tuple[str, list[Decimal]], where: random.Random, by: int
) -> None:
    text, amounts = made
    header, *rows = text.splitlines()
    column = header.split("\t").index("amount")
    chosen = where.randrange(1, len(rows))
    cells = rows[chosen].split("\t")
    mark = cells[column].strip()[-3]
    changed = amazon.amount(cells[column], mark) + Decimal(by) / 100
    cells[column] = f"{changed:f}".replace(".", mark)
    rows[chosen] = "\t".join(cells)
    with pytest.raises(TotalsMismatch) as refused:
        read(desk, "amazon", "\n".join([header, *rows]) + "\n")
    assert Decimal(refused.value.declared) == sum(amounts)
    assert Decimal(refused.value.computed) == sum(amounts) + Decimal(by) / 100


AWKWARD = [
    "America/Los_Angeles",
    "America/St_Johns",
    "Africa/Casablanca",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Pacific/Apia",
    "Pacific/Kiritimati",
]
ZONES = sorted(zone for zone in available_timezones() if "/" in zone)


def edges(zone: str, year: int) -> list[datetime]:
    """Instants around every change of clocks of a year, and the ends of its days."""
    place, instants = ZoneInfo(zone), []
    noon = datetime(year, 1, 1, 12, tzinfo=UTC)
    for day in range(366):
        now, then = noon + timedelta(days=day), noon + timedelta(days=day + 1)
        if now.astimezone(place).utcoffset() != then.astimezone(place).utcoffset():
            instants += [now + timedelta(minutes=30 * half) for half in range(-24, 60)]
    return instants or [noon + timedelta(hours=hour) for hour in range(24)]


def test_every_zone_gives_an_instant_the_same_day_in_files_and_in_sums(tmp_path: Path) -> None:
    """Lines are dated by DuckDB, deposits by Python; their zone tables must agree."""
    rows = [
        (zone, instant, business_day(instant, zone)) for zone in ZONES for instant in sharp(zone)
    ]
    zones, instants, days = zip(*rows, strict=True)
    with open_engine(threads=1, memory_limit="300MB", spill=tmp_path / "spill") as con:
        names = {name for (name,) in con.execute("SELECT name FROM pg_timezone_names()").fetchall()}
        table = pa.table({"zone": zones, "instant": instants, "day": days})
        con.register("asked", table.filter([zone in names for zone in zones]))
        counted = con.execute("SELECT count(DISTINCT zone) FROM asked").fetchone()
        wrong = con.execute(
            "SELECT zone, instant::VARCHAR, day, CAST(instant AT TIME ZONE zone AS DATE) AS ours "
            "FROM asked WHERE day <> ours"
        ).fetchall()
    assert counted is not None
    assert counted[0] > 300
    assert wrong == []


def sharp(zone: str) -> list[datetime]:
    """The ends of four days of a year, to the second, among them those of the solstices."""
    place = ZoneInfo(zone)
    ends = [datetime(2025, month, 21, tzinfo=place).astimezone(UTC) for month in (3, 6, 9, 12)]
    return [end + timedelta(seconds=second) for end in ends for second in (-1, 0)]


@FEW
@given(
    zone=st.sampled_from(AWKWARD),
    picks=st.lists(st.tuples(st.integers(0, 10_000), CENTS), min_size=1, max_size=12),
)
def test_every_instant_has_one_business_day(
    desk: Settings, zone: str, picks: list[tuple[int, int]]
) -> None:
    instants = edges(zone, 2025)
    posted = [(instants[pick % len(instants)], Decimal(cents) / 100) for pick, cents in picks]
    lines = [
        amazon.line(*KINDS[0], f"{amount:f}", at=f"{instant:%Y-%m-%d %H:%M:%S} UTC")
        for instant, amount in posted
    ]
    manifest = read(desk, "amazon", amazon.report(lines), zone)
    expected: dict[date, Decimal] = defaultdict(Decimal)
    for instant, amount in posted:
        expected[instant.astimezone(ZoneInfo(zone)).date()] += amount
    amounts = {day: t.amount for day, t in manifest.days.items() if t.lines}
    assert amounts == expected
    assert sum(amounts.values()) == manifest.total


@st.composite
def ledgers(draw: st.DrawFn) -> list[etsy.Row]:
    """Four months of a shop: sales, fees and deposits, oldest first, something in every month."""
    steps = draw(
        st.lists(
            st.tuples(st.integers(0, 9), st.sampled_from("sfd"), st.integers(1, 90_000)),
            min_size=4,
            max_size=25,
        )
    )
    day, rows = date(2026, 1, 1), []
    for forward, kind, cents in steps:
        day += timedelta(days=forward)
        sum_ = Decimal(cents) / 100
        if kind == "d":
            rows.append(etsy.deposit(day, sum_))
        elif kind == "s":
            rows.append(replace(etsy.sale(day, "1", "0"), gross=sum_))
        else:
            rows.append(etsy.charge(day, "Fee", "Listing fee", "Listing #1", f"-{sum_}"))
    months = {(row.day.year, row.day.month) for row in rows}
    assume(len(months) == max(month for _, month in months))
    return rows


def expected_chain(rows: list[etsy.Row]) -> list[tuple[Any, ...]]:
    """Settlements as a person adds them up: what stands before each deposit, and what stays."""
    results: list[tuple[Any, ...]] = []
    balance = pending = Decimal(0)
    lines, seen = 0, defaultdict(int)
    for row in rows:
        if row.type != "Deposit":
            pending += (row.gross or 0) + (row.charge or 0)
            lines += 1
            continue
        paid = Decimal(row.title.split()[0].strip("$").replace(",", ""))
        seen[row.day] += 1
        name = f"etsy-{row.day}-USD" + (f"-{seen[row.day]}" if seen[row.day] > 1 else "")
        results.append((name, lines, pending, paid, balance, balance + pending - paid))
        balance, pending, lines = balance + pending - paid, Decimal(0), 0
    if lines:
        results.append((f"open-{rows[-1].day:%Y-%m}-USD", lines, pending, None, balance,
                      balance + pending))  # fmt: skip
    return results


@FEW
@given(rows=ledgers(), newest_first=st.booleans())
def test_months_cut_a_ledger_anywhere_and_the_settlements_stay_whole(
    desk: Settings, rows: list[etsy.Row], newest_first: bool
) -> None:
    months: dict[int, list[etsy.Row]] = defaultdict(list)
    for row in rows:
        months[row.day.month].append(row)
    # A statement of one day does not show which way it runs; it is taken to be newest first.
    assume(newest_first or all(len({r.day for r in part}) > 1 for part in months.values()))
    manifests = [
        read(desk, "etsy", etsy.statement(part, newest_first=newest_first))
        for _, part in sorted(months.items())
    ]
    listed = [
        (s.settlement_id, s.lines, s.total, s.payout, s.opening_balance, s.closing_balance)
        for s in CHANNELS["etsy"].link_settlements(manifests)
    ]
    assert listed == expected_chain(rows)
