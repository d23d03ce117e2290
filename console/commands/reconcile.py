"""`reconcile`: the proof, settlement by settlement."""

from collections.abc import Sequence
from typing import Annotated

import typer

from console.commands.sync import Slugs
from console.options import Json
from console.output import Align, money, print_json, print_result, print_table
from console.proofs import FIGURES, gap_document, proof_document, target_proof_document
from console.targets import organisation_named
from console.workspace import chosen, workspace
from mappings.model import BOOKS
from mappings.money import minor_digits
from pipelines.stages.books_check import checked_books
from pipelines.stages.gaps import Gap
from pipelines.stages.publisher import senders
from pipelines.stages.reconciliation import Proof, gaps_of, reconcile
from pipelines.stages.target_proof import TargetProof, prove_at


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="reconcile")(reconcile_)


def reconcile_(
    slugs: Slugs = None,
    target: Annotated[
        str | None, typer.Option(help="read what is posted from an organisation, by its slug")
    ] = None,
    as_json: Json = False,
) -> None:
    """Prove each settlement: declared, raw, normalised, journalled, posted, paid, difference.

    Figures and the balance brought forward add up to the payment.
    """
    if target not in {None, BOOKS}:
        _reconcile_there(slugs or [], target or "", as_json=as_json)
    with workspace() as opened:
        stores = chosen(opened, slugs or [])
        proofs, missing = reconcile(opened, stores), gaps_of(opened, stores)
        refused = checked_books(opened.settings)
    # Books that Beancount refuses prove nothing, whatever the figures say.
    ok = all(proof.ok for proof in proofs) and refused is None
    if as_json:
        print_json(
            {
                "ok": ok,
                "settlements": [proof_document(p) for p in proofs],
                "gaps": [gap_document(gap) for gap in missing],
                "books_error": refused,
            }
        )
    else:
        show_proofs(proofs, missing)
        if refused is not None:
            print_result(refused)
    raise typer.Exit(0 if ok else 1)


def _reconcile_there(slugs: Sequence[str], target: str, *, as_json: bool) -> None:
    """Prove what an organisation holds of the settlements of the stores that post to it."""
    with workspace() as opened:
        organisation = organisation_named(opened, target)
        stores = senders(chosen(opened, slugs), target)
        proofs = {(p.connection, p.settlement_id): p for p in reconcile(opened, stores)}
        there = [proof for store in stores for proof in prove_at(opened, store, organisation)]
    ok = all(proof.state == "tied" for proof in there)
    shown = [(proofs.get((p.connection, p.settlement_id)), p) for p in there]
    if as_json:
        print_json({"ok": ok, "settlements": [target_proof_document(*pair) for pair in shown]})
    else:
        show_target_proofs(there, target)
    raise typer.Exit(0 if ok else 1)


def show_target_proofs(proofs: Sequence[TargetProof], target: str) -> None:
    """Print what an organisation holds of each settlement, and what to do about a difference."""
    names = ("before posting", "posted", "outstanding", "difference")
    columns = [("connection", Align.LEFT), ("settlement", Align.LEFT)]
    columns += [*((name, Align.RIGHT) for name in names), ("", Align.LEFT)]
    print_table(
        "",
        columns,
        [
            (
                p.connection,
                p.settlement_id,
                *(
                    money(amount, minor_digits(p.currency))
                    for amount in (p.before_posting, p.posted, p.outstanding, p.difference)
                ),
                p.state,
            )
            for p in proofs
        ],
    )
    for proof in proofs:
        if proof.why:
            print_result(f"{proof.connection} {proof.settlement_id}: {proof.why}")
    tied = sum(proof.state == "tied" for proof in proofs)
    print_result(f"{tied} of {len(proofs)} settlements tie to the cent in {target}")


def _state(proof: Proof) -> str:
    """Return the state, and what became of the payout where it did not reach the bank."""
    if proof.payout_status in {"failed", "carried", "charged"}:
        return f"{proof.state}, {proof.payout_status}"
    return f"{proof.state}, in the bank on {proof.bank_date}" if proof.bank_date else proof.state


def show_proofs(proofs: Sequence[Proof], missing: Sequence[Gap] = ()) -> None:
    """Print the proof as a table, and what to do about what does not tie or is missing."""
    if not proofs:
        print_result("no settlements yet: `daybook import` takes files in")
        return
    columns = [("connection", Align.LEFT), ("settlement", Align.LEFT), ("period", Align.LEFT)]
    columns += [
        ("", Align.LEFT),
        *((name.replace("_", " "), Align.RIGHT) for name in FIGURES),
        ("", Align.LEFT),
    ]
    print_table(
        "",
        columns,
        [
            (
                p.connection,
                p.settlement_id,
                f"{p.period_start:%d %b} - {p.period_end:%d %b %Y}",
                p.currency,
                *(money(getattr(p, name), minor_digits(p.currency)) for name in FIGURES),
                _state(p),
            )
            for p in proofs
        ],
    )
    for proof in proofs:
        if proof.why:
            print_result(f"{proof.connection} {proof.settlement_id}: {proof.why}")
    for gap in missing:
        print_result(f"{gap.connection}: {gap}")
    tied = sum(proof.state == "tied" for proof in proofs)
    waiting = sum(proof.state == "open" for proof in proofs)
    tail = f", {waiting} still open" if waiting else ""
    print_result(f"{tied} of {len(proofs)} settlements tie to the cent{tail}")
