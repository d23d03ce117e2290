"""`import`: files from disk, settlements and exports of orders, through one parser."""

from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from connectors.channels import channel as channel_named
from connectors.channels.base import Channel
from connectors.documents.manifest import Coverage, Manifest
from connectors.errors import BadInput
from console.documents import described, withdrawal_document
from console.options import Json
from console.order_imports import orders_document, orders_line
from console.output import money, print_error, print_json, print_result, print_status
from console.workspace import workspace
from mappings.money import minor_digits
from pipelines.stages.imports import Imported, ImportedOrders, import_file, open_connection


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="import")(import_files)


def import_files(
    channel: Annotated[str, typer.Argument(help="amazon, etsy... (see `daybook channels`)")],
    files: Annotated[
        list[Path], typer.Argument(help="settlements, exports of orders; .gz and .zip")
    ],
    connection: Annotated[str, typer.Option(help="the connection's slug; made when it is new")],
    timezone: Annotated[
        str | None, typer.Option(help="IANA zone of business days, for a new connection")
    ] = None,
    name: Annotated[str | None, typer.Option(help="display name, for a new connection")] = None,
    again: Annotated[
        bool, typer.Option("--again", help="also what another connection has already")
    ] = False,
    as_json: Json = False,
) -> None:
    """Import settlement files and exports of orders. Each is whole, or refused with a reason."""
    source = channel_named(channel)
    documents: list[dict[str, Any]] = []
    orders: list[dict[str, Any]] = []
    refused: list[dict[str, str]] = []
    with workspace() as opened:
        target = open_connection(opened, source, connection, timezone=timezone, name=name)
        for path in files:
            try:
                for outcome in import_file(opened, source, target, path, again=again):
                    if isinstance(outcome, ImportedOrders):
                        orders.append(orders_document(outcome))
                        if not as_json:
                            print_result(orders_line(source, outcome))
                        continue
                    documents.append(_document(outcome))
                    if not as_json:
                        _report(source, outcome)
            # Each file is whole or refused by itself: the others are imported all the same.
            except BadInput as error:
                refused.append({"file": str(path), "error": str(error)})
                print_error(str(error))
    if as_json:
        print_json(
            {"ok": not refused, "documents": documents, "orders": orders, "refused": refused}
        )
    elif (documents or orders) and not refused:
        print_result(f"next: `daybook sync {connection}`")
    raise typer.Exit(2 if refused else 0)


def _last_day(manifest: Manifest) -> date:
    """Return the last day that rows of a file are of."""
    # Not the end of its period: only the last row shows that a file was cut off.
    days = [day for day, totals in manifest.days.items() if totals.lines]
    return max(days, default=manifest.last_day)


def _status(outcome: Imported) -> str:
    if not outcome.new:
        return "already known"
    if outcome.manifest.supersedes:
        return "restated"
    return "new" if outcome.withdrawal is None else "reinstated"


def _document(outcome: Imported) -> dict[str, Any]:
    manifest = outcome.manifest
    return {
        "file": manifest.name,
        "status": _status(outcome),
        "document": manifest.document,
        "supersedes": manifest.supersedes,
        "instead_of": outcome.instead_of,
        "elsewhere": outcome.elsewhere,
        "withdrawn": withdrawal_document(outcome.withdrawal),
        "statement": manifest.statement,
        "settlements": [s.settlement_id for s in manifest.settlements if s.settlement_id],
        "marketplace": manifest.marketplace,
        "currency": manifest.currency,
        "period_start": manifest.period_start,
        "period_end": manifest.period_end,
        "lines": manifest.lines,
        "rows": manifest.rows,
        "last_day": _last_day(manifest),
        "rows_without_amount": manifest.rows_without_amount,
        "rows_deferred": manifest.rows_deferred,
        "declared": manifest.declared,
        "sum": manifest.total,
        "unclassified": outcome.unclassified,
    }


def _report(source: Channel, outcome: Imported) -> None:
    manifest = outcome.manifest
    if manifest.describes_orders:
        print_result(
            f"{manifest.name}: {_status(outcome)}: {source.title} {manifest.statement}, "
            f"rows: {manifest.rows}; it holds no money to book, and says of orders where goods "
            f"came from and went; days with lines of them: {len(outcome.days)}"
        )
        return
    is_summary = manifest.coverage is Coverage.PAYOUT_SUMMARY
    digits = minor_digits(manifest.currency)
    declared = (
        "declares no total; every row and the deposits tie"
        if manifest.declared is None
        else f"declared {money(manifest.declared, digits)}, sum {money(manifest.total, digits)}"
    )
    print_result(
        f"{manifest.name}: {_status(outcome)}: {source.title} {manifest.marketplace or ''} "
        f"statement {manifest.statement}, {manifest.first_day} to {manifest.last_day}, "
        f"{manifest.lines} lines, {manifest.currency}, {declared}".replace("  ", " ")
    )
    if manifest.rows_without_amount:
        print_result(
            f"  {manifest.rows_without_amount} of its rows state no amount and are not booked"
        )
    # Where no total proves a file whole, its owner has to look.
    if manifest.rows is not None and (manifest.declared is None or is_summary):
        print_result(
            f"  rows: {manifest.rows}, the last day {_last_day(manifest)}"
            "; compare them with the file, which states no total"
        )
    if is_summary:
        print_result("  it lists payouts, not sales: each payout is booked in full on its day")
    if manifest.rows_deferred:
        print_result(
            f"  {manifest.rows_deferred} of its rows are in no settlement yet and are not booked; "
            "a later file has them again, released"
        )
    if outcome.new and manifest.supersedes:
        print_result(
            f"  it is effective now, in place of {outcome.instead_of or 'another'} "
            f"({manifest.supersedes[:12]}), which is kept"
        )
    if outcome.withdrawal is not None:
        print_result(f"  it was withdrawn {described(outcome.withdrawal)}; it is effective again")
    if outcome.elsewhere is not None:
        print_status(f"warning: {manifest.name}: {outcome.elsewhere} too")
    for source_type in outcome.unclassified:
        print_result(f"  no rule for {source_type!r}: its days will be held until it is mapped")
