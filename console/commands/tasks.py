"""`tasks`: what triggers assigned to a team, taken and finished by its members."""

import getpass
from dataclasses import asdict
from typing import Annotated

import typer

from connectors.database.registry import QueuedTask
from console.options import Json
from console.output import Align, print_json, print_result, print_table
from console.workspace import workspace

app = typer.Typer(help="Work off what triggers assigned.", no_args_is_help=True)
Number = Annotated[int, typer.Argument(metavar="ID", help="the task")]
By = Annotated[str | None, typer.Option("--by", help="who does it; your user name without it")]


@app.command(name="list")
def list_(
    queue: Annotated[str | None, typer.Option(help="one queue")] = None,
    finished: Annotated[bool, typer.Option("--finished", help="those that are finished")] = False,
    as_json: Json = False,
) -> None:
    """List tasks that are to be done, the oldest first."""
    states = ("finished",) if finished else ("open", "taken")
    with workspace() as opened:
        listed = opened.registry.tasks.list(queue, states, 1000)
    if as_json:
        print_json({"tasks": [asdict(task) for task in listed]})
        return
    titles = ("task", "queue", "state", "by", "connection", "title")
    columns = [(title, Align.RIGHT if title == "task" else Align.LEFT) for title in titles]
    rows = [
        (task.id, task.queue, task.state, task.taken_by, task.connection, task.title)
        for task in listed
    ]
    print_table("", columns, rows)


@app.command()
def take(number: Number, by: By = None, as_json: Json = False) -> None:
    """Take a task, so that nobody else does it."""
    with workspace() as opened:
        task = opened.registry.tasks.take(number, by or getpass.getuser())
    _show(task, as_json=as_json)


@app.command()
def finish(
    number: Number,
    note: Annotated[str | None, typer.Option(help="what came of it")] = None,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Finish a task."""
    with workspace() as opened:
        task = opened.registry.tasks.finish(number, by or getpass.getuser(), note)
    _show(task, as_json=as_json)


def _show(task: QueuedTask, *, as_json: bool) -> None:
    if as_json:
        print_json(asdict(task))
        return
    print_result(
        f"task {task.id}, {task.title}: {task.state} by {task.finished_by or task.taken_by}"
    )
