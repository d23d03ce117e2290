"""Actions of triggers: what is to be done about an event, as data and in words."""

from collections.abc import Iterator
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from connectors.database.registry.models import SLUG_PATTERN

Slug = Annotated[str, StringConstraints(pattern=SLUG_PATTERN)]
# PostgreSQL keeps no NUL.
Template = Annotated[str, StringConstraints(min_length=1, pattern=r"^[^\x00]*$")]
# Bounded: it is repeated in messages and rows.
Url = Annotated[str, StringConstraints(min_length=8, max_length=2000, pattern=r"^[^\s\x00]+$")]
# The field that tells which order or contact an event is about.
SUBJECTS: Final = {"order": "order_id", "contact": "customer_key"}


class _Action(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    # Tells actions of one trigger apart; its type where nobody names it.
    name: Slug | None = None

    @property
    def templates(self) -> Iterator[tuple[str, str]]:
        """Yield the action's templates, each after the name of its field."""
        yield from ()

    @property
    def phrase(self) -> str:
        """Return it in words, as the end of a sentence."""
        raise NotImplementedError


class RunJobAction(_Action):
    """A run of a job, or of some of its assets, for the event's store and business day."""

    type: Literal["run_job"]
    job: str | None = None
    assets: Annotated[tuple[str, ...], Field(max_length=20)] = ()

    @property
    def phrase(self) -> str:
        """Return it in words."""
        if self.job is not None:
            return f"run the job {self.job}"
        return f"materialise {', '.join(self.assets)}"


class WebhookAction(_Action):
    """A signed call of an address (Standard Webhooks).

    `secret` is whsec_ and base64; it is sealed in the vault and never stored here. One is made
    where nobody gives it.
    """

    type: Literal["webhook"]
    url: Url
    secret: SecretStr | None = Field(default=None, exclude=True)

    @property
    def phrase(self) -> str:
        """Return it in words; the path may be a secret of the receiver's."""
        return f"call {urlsplit(self.url).hostname or self.url}"


class MessageAction(_Action):
    """A message to people through Apprise.

    `address` is an Apprise URL such as mailtos://...; it is sealed in the vault and never stored
    here.
    """

    type: Literal["message"]
    address: SecretStr | None = Field(default=None, exclude=True)
    subject: Template
    body: Template

    @property
    def templates(self) -> Iterator[tuple[str, str]]:
        """Yield the subject and the body."""
        yield "subject", self.subject
        yield "body", self.body

    @property
    def phrase(self) -> str:
        """Return it in words."""
        return "send a message"


class TagAction(_Action):
    """A tag on the event's order or contact."""

    type: Literal["tag"]
    on: Literal["order", "contact"] = "order"
    tag: Template

    @property
    def templates(self) -> Iterator[tuple[str, str]]:
        """Yield the tag."""
        yield "tag", self.tag

    @property
    def phrase(self) -> str:
        """Return it in words."""
        return f"tag the {self.on} {self.tag!r}"


class NoteAction(_Action):
    """A note on the event's order or contact."""

    type: Literal["note"]
    on: Literal["order", "contact"] = "order"
    note: Template

    @property
    def templates(self) -> Iterator[tuple[str, str]]:
        """Yield the note."""
        yield "note", self.note

    @property
    def phrase(self) -> str:
        """Return it in words."""
        return f"add a note to the {self.on}"


class AssignAction(_Action):
    """A task in a queue that a team works off."""

    type: Literal["assign"]
    queue: Slug
    title: Template

    @property
    def templates(self) -> Iterator[tuple[str, str]]:
        """Yield the title."""
        yield "title", self.title

    @property
    def phrase(self) -> str:
        """Return it in words."""
        return f"assign it to the queue {self.queue}"


Action = Annotated[
    RunJobAction | WebhookAction | MessageAction | TagAction | NoteAction | AssignAction,
    Field(discriminator="type"),
]
