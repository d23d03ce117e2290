"""What somebody typed or a file says about an account, checked against what its platform asks."""

import re
from collections.abc import Mapping, Sequence, Set
from datetime import UTC, datetime

from connectors.accounts.deadlines import SECRET_SINCE
from connectors.accounts.platform import Field, Platform
from connectors.accounts.tokens import Token
from connectors.errors import BadInput

_TYPED_TOKENS = ("refresh_token", "access_token")


def read_fields(
    wanted: Platform, given: Mapping[str, str], known: Mapping[str, str]
) -> tuple[dict[str, str], Token | None]:
    """Return the fields to keep, each in its own form, and the token that was typed.

    `known` are fields that need not be given again. `BadInput` names every field that is missing
    or that the platform does not have.
    """
    lasting = "access_token" in given and "refresh_token" not in given
    # A token that does not end is used as it is: no application has to refresh it.
    registered = () if lasting else wanted.application
    values = read_values(wanted, given, known, (*registered, *wanted.account, *wanted.keys))
    typed = {name: values.pop(name, None) for name in _TYPED_TOKENS}
    if wanted.tokens is None:
        return values, None
    if not any(typed.values()) and not wanted.own_grant:
        names = " or ".join(field.name for field in wanted.keys if field.name in _TYPED_TOKENS)
        raise BadInput(f"{wanted.title} needs {names}, or a consent in the console")
    return values, Token.typed(typed["refresh_token"], typed["access_token"])


def read_values(
    wanted: Platform, given: Mapping[str, str], known: Mapping[str, str], needed: Sequence[Field]
) -> dict[str, str]:
    """Return what was given, each value in its own form; `BadInput` as `read_fields`.

    A new secret of an application is dated: some end.
    """
    values = _values(wanted.title, wanted.fields, given)
    if "client_secret" in values:
        values[SECRET_SINCE] = datetime.now(UTC).date().isoformat()
    _check_all_given(wanted.title, needed, {**known, **values})
    return values


def read_given(title: str, fields: Sequence[Field], given: Mapping[str, str]) -> dict[str, str]:
    """Return the values of some fields, each in its own form; `BadInput` as `read_fields`.

    `title` is what the fields are of.
    """
    values = _values(title, fields, given)
    _check_all_given(title, fields, values)
    return values


def _values(title: str, fields: Sequence[Field], given: Mapping[str, str]) -> dict[str, str]:
    asked = {field.name: field for field in fields}
    unknown = sorted(set(given) - set(asked))
    if unknown:
        raise BadInput(f"{title} has no field {', '.join(unknown)}; it has {', '.join(asked)}")
    return {name: asked[name].value(text) for name, text in given.items()}


def _check_all_given(title: str, needed: Sequence[Field], known: Mapping[str, str]) -> None:
    missing = [field for field in needed if field.required and field.name not in known]
    if missing:
        hints = "; ".join(f"{field.name} ({field.hint or field.title})" for field in missing)
        raise BadInput(f"{title} also needs {hints}")


def secret_names(wanted: Platform) -> Set[str]:
    """Return the fields that are kept sealed; the others may be shown."""
    return {field.name for field in wanted.fields if field.secret}


def slug_for(name: str, taken: Set[str]) -> str:
    """Return a slug that nobody has, made of a display name."""
    words = re.findall(r"[a-z0-9]+", name.lower())
    base = "-".join(words)[:36].strip("-") or "store"
    numbered = (f"{base}-{n}" for n in range(2, len(taken) + 3))
    return base if base not in taken else next(s for s in numbered if s not in taken)
