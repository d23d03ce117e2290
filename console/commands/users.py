"""`users`: who may sign in to the console, and programs that act for them."""

import sys
from typing import Annotated

import typer

from connectors.errors import BadInput
from console.commands.accounts import ACTOR
from console.options import Json
from console.output import Align, print_json, print_result, print_status, print_table
from console.workspace import workspace

app = typer.Typer(help="Who may sign in to the console.", no_args_is_help=True)

RoleOption = Annotated[str, typer.Option(help="viewer, operator, bookkeeper or admin")]


def _password(from_input: bool) -> str:
    """Return what was typed twice, or one line of standard input."""
    if from_input:
        return sys.stdin.readline().rstrip("\n")
    if not sys.stdin.isatty():
        raise BadInput("there is no terminal to ask for a password: give --password-stdin")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))


PasswordInput = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]


@app.command()
def add(name: str, role: RoleOption = "admin", password_stdin: PasswordInput = False) -> None:
    """Add a user; prompts for the password."""
    # Imported late: the module hashes a password while it is loaded.
    from console.web.sessions import check_role, hash_password

    checked = check_role(role)
    hashed = hash_password(_password(password_stdin))
    with workspace() as opened:
        opened.registry.users.add(name, hashed, checked, ACTOR)
    print_result(f"{name} may sign in as {role}")


@app.command(name="list")
def list_(as_json: Json = False) -> None:
    """List users who may sign in, and the tokens of programs."""
    with workspace() as opened:
        users, tokens = opened.registry.users.list(), opened.registry.api_tokens.list()
    if as_json:
        documents = [{"name": u.name, "role": u.role, "created_at": u.created_at} for u in users]
        listed = [
            {"user": t.user, "label": t.label, "created_at": t.created_at, "used_at": t.used_at}
            for t in tokens
        ]
        print_json({"users": documents, "tokens": listed})
        return
    if not users:
        print_status("no users yet: add one with `daybook users add NAME`")
        return
    labels = {u.name: ", ".join(t.label for t in tokens if t.user == u.name) for u in users}
    rows = [(u.name, u.role, labels[u.name] or "-") for u in users]
    print_table("", [(title, Align.LEFT) for title in ("user", "role", "tokens")], rows)


@app.command()
def role(name: str, role: Annotated[str, typer.Argument()]) -> None:
    """Change a user's role."""
    from console.web.sessions import check_role

    with workspace() as opened:
        opened.registry.users.set_role(name, check_role(role), ACTOR)
    print_result(f"{name} is {role} now")


@app.command()
def password(name: str, password_stdin: PasswordInput = False) -> None:
    """Set a user's password; they must sign in again."""
    from console.web.sessions import hash_password

    hashed = hash_password(_password(password_stdin))
    with workspace() as opened:
        opened.registry.users.set_password(name, hashed, ACTOR)
    print_result(f"{name} has a new password")


@app.command()
def remove(name: str) -> None:
    """Remove a user."""
    with workspace() as opened:
        opened.registry.users.remove(name, ACTOR)
    print_result(f"{name} can no longer sign in")


@app.command()
def token(name: str, label: str) -> None:
    """Create a token for a program that acts for a user; it is shown only once."""
    from console.web.sessions import Sessions

    with workspace() as opened:
        made = Sessions(opened.registry).new_token(name, label, ACTOR)
    print_result(made)
    print_status("it is not shown again; `daybook users revoke` takes it back")


@app.command()
def revoke(name: str, label: str) -> None:
    """Take a program's token back."""
    with workspace() as opened:
        opened.registry.api_tokens.remove(name, label, ACTOR)
    print_result(f"the token {label} of {name} is taken back")
