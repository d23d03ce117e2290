"""Tables of who may come in: users and their sessions, sealed credentials, consents."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from connectors.database.registry.models import Base, ConnectionRow, one_of


class UserRow(Base):
    """Grain: a user of the console. Key: name."""

    __tablename__ = "users"
    __table_args__ = (one_of("role", "viewer", "operator", "bookkeeper", "admin"),)

    name: Mapped[str] = mapped_column(primary_key=True)
    password_hash: Mapped[str]
    role: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class SessionRow(Base):
    """Grain: somebody signed in in a browser. Key: the SHA-256 of its cookie."""

    __tablename__ = "sessions"

    digest: Mapped[str] = mapped_column(primary_key=True)
    user: Mapped[str] = mapped_column("user_name", ForeignKey(UserRow.name))
    started_at: Mapped[datetime] = mapped_column(server_default=func.now())
    seen_at: Mapped[datetime] = mapped_column(server_default=func.now())
    confirmed_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ApiTokenRow(Base):
    """Grain: a program that acts for a user. Key: the SHA-256 of its token."""

    __tablename__ = "api_tokens"
    __table_args__ = (UniqueConstraint("user_name", "label"),)

    digest: Mapped[str] = mapped_column(primary_key=True)
    user: Mapped[str] = mapped_column("user_name", ForeignKey(UserRow.name))
    label: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    used_at: Mapped[datetime | None]


class DataKeyRow(Base):
    """Grain: whoever has credentials, a connection or `app:channel`. Key: owner."""

    __tablename__ = "data_keys"

    owner: Mapped[str] = mapped_column(primary_key=True)
    sealed: Mapped[bytes]


class CredentialRow(Base):
    """Grain: one credential, sealed under its owner's data key. Key: owner and field."""

    __tablename__ = "credentials"

    owner: Mapped[str] = mapped_column(ForeignKey(DataKeyRow.owner), primary_key=True)
    field: Mapped[str] = mapped_column(primary_key=True)
    sealed: Mapped[bytes]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ConsentRow(Base):
    """Grain: a consent that a seller was asked for. Key: the SHA-256 of its state."""

    __tablename__ = "consents"

    state_digest: Mapped[str] = mapped_column(primary_key=True)
    connection: Mapped[str] = mapped_column(ForeignKey(ConnectionRow.slug))
    session_digest: Mapped[str]
    redirect_uri: Mapped[str]
    asked_at: Mapped[datetime] = mapped_column(server_default=func.now())
    answered_at: Mapped[datetime | None]
