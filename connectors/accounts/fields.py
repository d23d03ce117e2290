"""Fields of an account, typed or read from a file, checked against those of its platform."""

import re
from collections.abc import Mapping, Sequence, Set
from datetime import UTC, datetime

from connectors.accounts.deadlines import SECRET_SINCE
from connectors.accounts.platform import Field, Platform
from connectors.accounts.tokens import Token
from connectors.errors import BadInput

_TYPED_TOKENS = ("refresh_token", "access_token")


def read_fields(
    platform: Platform, typed: Mapping[str, str], defaults: Mapping[str, str]
) -> tuple[dict[str, str], Token | None]:
    """Return the fields to keep, each in its own form, and the token that was typed.

    `defaults` are fields that need not be given again. `BadInput` names every field that is missing
    or that the platform does not have.
    """
    lasting = "access_token" in typed and "refresh_token" not in typed
    # A token that doesn't expire needs no application to refresh it.
    registered = () if lasting else platform.application
    values = read_values(
        platform, typed, defaults, (*registered, *platform.account, *platform.keys)
    )
    tokens = {name: values.pop(name, None) for name in _TYPED_TOKENS}
    if platform.tokens is None:
        return values, None
    if not any(tokens.values()) and not platform.own_grant:
        names = " or ".join(field.name for field in platform.keys if field.name in _TYPED_TOKENS)
        raise BadInput(f"{platform.title} needs {names}, or a consent in the console")
    return values, Token.typed(tokens["refresh_token"], tokens["access_token"])


def read_values(
    platform: Platform,
    typed: Mapping[str, str],
    defaults: Mapping[str, str],
    needed: Sequence[Field],
) -> dict[str, str]:
    """Return what was given, each value in its own form; `BadInput` as `read_fields`.

    A new secret of an application is dated: some end.
    """
    values = _values(platform.title, platform.fields, typed)
    if "client_secret" in values:
        # No platform states when a secret was made, so its lifetime counts from here.
        values[SECRET_SINCE] = datetime.now(UTC).date().isoformat()
    _check_all_given(platform.title, needed, {**defaults, **values})
    return values


def read_given(title: str, fields: Sequence[Field], typed: Mapping[str, str]) -> dict[str, str]:
    """Return the values of some fields, each in its own form; `BadInput` as `read_fields`.

    `title` is what the fields are of.
    """
    values = _values(title, fields, typed)
    _check_all_given(title, fields, values)
    return values


def _values(title: str, fields: Sequence[Field], typed: Mapping[str, str]) -> dict[str, str]:
    by_name = {field.name: field for field in fields}
    unknown = sorted(set(typed) - set(by_name))
    if unknown:
        raise BadInput(f"{title} has no field {', '.join(unknown)}; it has {', '.join(by_name)}")
    return {name: by_name[name].value(text) for name, text in typed.items()}


def _check_all_given(title: str, needed: Sequence[Field], defaults: Mapping[str, str]) -> None:
    missing = [field for field in needed if field.required and field.name not in defaults]
    if missing:
        hints = "; ".join(f"{field.name} ({field.hint or field.title})" for field in missing)
        raise BadInput(f"{title} also needs {hints}")


def secret_names(platform: Platform) -> Set[str]:
    """Return the fields that are secret; the others may be shown."""
    return {field.name for field in platform.fields if field.secret}


def slug_for(name: str, taken: Set[str]) -> str:
    """Return an unused slug made of a display name."""
    words = re.findall(r"[a-z0-9]+", name.lower())
    # A slug has 40 characters; four are left for the number of a second one.
    base = "-".join(words)[:36].strip("-") or "store"
    numbered = (f"{base}-{n}" for n in range(2, len(taken) + 3))
    return base if base not in taken else next(s for s in numbered if s not in taken)
