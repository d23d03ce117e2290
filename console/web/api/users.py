"""Users: the current one, everyone who may sign in, and the tokens of programs."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel

from connectors.database.registry import Role
from connectors.errors import BadInput
from console.roles import PERMISSIONS, Permission
from console.web.api.dependencies import Administrator, Caller, Here, Reader
from console.web.api.problems import Problem, ProblemError, not_found
from console.web.api.requests import (
    Name,
    NewPassword,
    NewToken,
    NewUser,
    PasswordRequest,
    RoleChange,
)
from console.web.context import Console
from console.web.sessions import csrf_token, hash_password

router = APIRouter(tags=["users"])


class CurrentUserResponse(BaseModel):
    """The current user; a browser's session sends `csrf_token` along, null for a program."""

    name: str
    role: Role
    may: list[Permission]
    confirmed: bool
    csrf_token: str | None


class UserResponse(BaseModel):
    """A user."""

    name: str
    role: Role
    created_at: datetime


class TokenResponse(BaseModel):
    """A program's token, without its value."""

    user: str
    label: str
    created_at: datetime
    used_at: datetime | None


class UserList(BaseModel):
    """Everybody, and their programs."""

    users: list[UserResponse]
    tokens: list[TokenResponse]


class NewTokenResponse(BaseModel):
    """A token, this once."""

    token: str


def _known(name: Annotated[Name, Path()], console: Here) -> str:
    if name not in {user.name for user in console.registry.users.list()}:
        raise not_found(f"there is no user {name!r}")
    return name


Named = Annotated[str, Depends(_known)]


@router.get("/me")
def show_me(who: Reader) -> CurrentUserResponse:
    """Return who asks, and what they may do."""
    return _me(who)


@router.post("/confirm")
def confirm(who: Reader, console: Here, body: PasswordRequest) -> CurrentUserResponse:
    """Give the password again, before what cannot be undone; it counts for five minutes."""
    cookie = who.session()
    if not console.sessions.confirm(cookie, body.password.get_secret_value()):
        raise ProblemError(403, Problem(error="the password is wrong", confirm=True))
    # What the request came with was read before the password was given.
    return _me(Caller(who.name, who.role, cookie, confirmed=True))


@router.get("/users")
def list_users(_who: Administrator, console: Here) -> UserList:
    """Return everybody who may sign in, and the tokens of programs."""
    return UserList(
        users=_users(console),
        tokens=[
            TokenResponse(user=t.user, label=t.label, created_at=t.created_at, used_at=t.used_at)
            for t in console.registry.api_tokens.list()
        ],
    )


@router.post("/users", status_code=201)
def add_user(who: Administrator, console: Here, new: NewUser) -> UserResponse:
    """Let somebody sign in."""
    hashed = hash_password(new.password.get_secret_value())
    console.registry.users.add(new.name, hashed, new.role, who.name)
    return _user(console, new.name)


@router.delete("/users/{name}", status_code=204)
def remove_user(who: Administrator, console: Here, name: Named) -> None:
    """Let somebody in no more; their sessions and tokens end."""
    console.registry.users.remove(name, who.name)


@router.put("/users/{name}/role")
def set_role(who: Administrator, console: Here, name: Named, change: RoleChange) -> UserResponse:
    """Change a user's role."""
    console.registry.users.set_role(name, change.role, who.name)
    return _user(console, name)


@router.put("/users/{name}/password", status_code=204)
def set_password(who: Administrator, console: Here, name: Named, body: NewPassword) -> None:
    """Give somebody another password; every session of theirs ends."""
    hashed = hash_password(body.password.get_secret_value())
    console.registry.users.set_password(name, hashed, who.name)


@router.post("/users/{name}/tokens", status_code=201)
def add_token(who: Administrator, console: Here, name: Named, new: NewToken) -> NewTokenResponse:
    """Return a token with which a program acts for somebody; it is shown this once."""
    taken = {t.label for t in console.registry.api_tokens.list() if t.user == name}
    if new.label in taken:
        raise BadInput(f"{name} has a token {new.label!r} already: choose another label")
    return NewTokenResponse(token=console.sessions.new_token(name, new.label, who.name))


@router.delete("/users/{name}/tokens/{label}", status_code=204)
def remove_token(who: Administrator, console: Here, name: Named, label: Name) -> None:
    """Revoke a program's token."""
    if label not in {t.label for t in console.registry.api_tokens.list() if t.user == name}:
        raise not_found(f"{name} has no token {label!r}")
    console.registry.api_tokens.remove(name, label, who.name)


def _me(who: Caller) -> CurrentUserResponse:
    return CurrentUserResponse(
        name=who.name,
        role=who.role,
        may=sorted(PERMISSIONS[who.role]),
        confirmed=who.confirmed,
        csrf_token=csrf_token(who.cookie) if who.cookie else None,
    )


def _users(console: Console) -> list[UserResponse]:
    return [
        UserResponse(name=user.name, role=user.role, created_at=user.created_at)
        for user in console.registry.users.list()
    ]


def _user(console: Console, name: str) -> UserResponse:
    for user in _users(console):
        if user.name == name:
            return user
    raise not_found(f"there is no user {name!r}")
