"""`connections tax`: what a seller says about tax once, by a few options or a file."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from pydantic import ValidationError

from connectors.documents.owner_files import read_owner_document
from connectors.errors import BadInput
from console.options import Json
from console.output import print_json, print_result
from console.workspace import workspace
from mappings.journal.tax.profile import TaxProfile
from pipelines.stages.imports import ACTOR
from pipelines.stages.tax_profiles import change_tax_profile, tax_profile_of


class Fees(StrEnum):
    """The ways in which a channel's invoices for fees show tax."""

    STATED = "stated"
    INCLUDED = "included"
    REVERSE_CHARGE = "reverse_charge"
    NONE = "none"


def register(app: typer.Typer) -> None:
    """Add the command to `connections`."""
    app.command()(tax)


def tax(
    slug: str,
    country: Annotated[
        str | None, typer.Option(help="where you are established: ISO 3166, such as GB")
    ] = None,
    registration: Annotated[
        list[str] | None,
        typer.Option(
            help="COUNTRY[-STATE]:SCHEME[:FROM[:TO]], such as GB:vat:2026-01-01; repeatable"
        ),
    ] = None,
    stock: Annotated[
        list[str] | None,
        typer.Option(help="COUNTRY[:FULFILMENT] where goods are shipped from; repeatable"),
    ] = None,
    domestic: Annotated[
        bool | None,
        typer.Option(
            "--assume-domestic/--ask-destination",
            help="book goods without a destination as sold in the market's country, or hold them",
        ),
    ] = None,
    fees: Annotated[Fees | None, typer.Option(help="how invoices for fees show tax")] = None,
    file: Annotated[Path | None, typer.Option(help="a whole profile as YAML or JSON")] = None,
    remove: Annotated[bool, typer.Option("--remove", help="tax no line of the store")] = False,
    as_json: Json = False,
) -> None:
    """Show, or change, a store's tax profile; item classes, rates and prices are in its file."""
    options = {
        "country": country,
        "registrations": _by_region(_each(registration, ("country", "scheme", "from", "to"), 2)),
        "stock": _each(stock, ("country", "fulfilment"), 1),
        "assume_domestic": domestic,
        "fees": fees and fees.value,
    }
    changes = {name: value for name, value in options.items() if value is not None}
    if sum(map(bool, (changes, file, remove))) > 1:
        raise BadInput("give options, or --file, or --remove, and not two of them")
    days = 0
    with workspace() as opened:
        before = tax_profile_of(opened.registry.connections.get(slug))
        if remove:
            days = change_tax_profile(opened, slug, None, ACTOR)
        elif file is not None:
            days = change_tax_profile(
                opened, slug, _profile(str(file), read_owner_document(file)), ACTOR
            )
        elif changes:
            document = {**(before.document() if before else {}), **changes}
            days = change_tax_profile(opened, slug, _profile(slug, document), ACTOR)
        now = tax_profile_of(opened.registry.connections.get(slug))
    _print(slug, now, days, as_json=as_json)


def _print(slug: str, profile: TaxProfile | None, days: int, *, as_json: bool) -> None:
    if as_json:
        print_json({"connection": slug, "tax": profile and profile.document(), "days": days})
        return
    if profile is None:
        print_result(
            f"{slug} has no tax profile: its lines are booked as the channel states them; "
            f"`daybook connections tax {slug} --country COUNTRY` begins one"
        )
    else:
        text = yaml.safe_dump(profile.document(), sort_keys=False, allow_unicode=True)
        print_result(text.rstrip())
    if days:
        print_result(f"{days} days are requested: `daybook sync {slug}` brings them up to it")


def _each(
    texts: list[str] | None, names: tuple[str, ...], least: int
) -> list[dict[str, str]] | None:
    """Return each text as a document, by its parts between colons; None where none is given."""
    if not texts:
        return None
    documents = []
    for text in texts:
        parts = text.split(":", len(names) - 1)
        if len(parts) < least:
            form = ":".join(name.upper() for name in names)
            raise BadInput(f"{text!r} is too short: write {form}")
        documents.append({name: part for name, part in zip(names, parts, strict=False) if part})
    return documents


def _by_region(registrations: list[dict[str, str]] | None) -> list[dict[str, str]] | None:
    """Return registrations with the state of US-CA apart, as the profile has it."""
    if registrations is None:
        return None
    documents = []
    for registration in registrations:
        country, _, region = registration["country"].partition("-")
        named = {"country": country, "region": region} if region else {"country": country}
        documents.append({**registration, **named})
    return documents


def _profile(where: str, document: Any) -> TaxProfile:
    try:
        return TaxProfile.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        raise BadInput(f"{where}: {field + ': ' if field else ''}{message}") from error
