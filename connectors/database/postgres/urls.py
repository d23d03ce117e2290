"""SQLAlchemy URLs of the state: the embedded server's, or one's own."""

from functools import cache

from sqlalchemy import URL, Connection, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.pool import NullPool

from connectors.database.postgres.cluster import DATABASE, ROLE
from connectors.database.postgres.errors import DiskFull
from connectors.database.postgres.layout import PORT, Layout
from connectors.database.postgres.server import ensure_running
from connectors.errors import ConfigError, DaybookError, Permanent, Transient
from connectors.home import redaction
from connectors.home.settings import Settings

REGISTRY_SCHEMA = "registry"
DAGSTER_SCHEMA = "dagster"

_DRIVER = "postgresql+psycopg2"


def database_url(settings: Settings, schema: str) -> str:
    """Return the URL of one schema of the database; starts nothing."""
    return _url(settings, schema=schema).render_as_string(hide_password=False)


def dagster_database_url(settings: Settings) -> str:
    """Return the URL of Dagster's schema, on a server that runs and has it."""
    ensure_database(settings)
    return database_url(settings, DAGSTER_SCHEMA)


def ensure_database(settings: Settings) -> None:
    """Start the embedded server if it is needed; create the schemas of the database.

    After the first call of a process only the server is looked after.
    """
    if settings.database_url is None:
        ensure_running(settings)
    _create_once(_url(settings))


def explained(error: DBAPIError, url: URL) -> DaybookError:
    """Return one line for a person about what a database said; never the password."""
    message = str(error.orig).strip()
    first = message.partition("\n")[0] or type(error).__name__
    where = url.host or "the embedded server"
    # PostgreSQL's `disk_full`; while connecting there is no code, only the text.
    if getattr(error.orig, "pgcode", None) == "53100" or "No space left on device" in message:
        return DiskFull(f"the disk of PostgreSQL at {where} is full ({first}): free some space")
    if "authentication failed" in message or "no password supplied" in message:
        return ConfigError(f"PostgreSQL at {where} refuses {url.username}: correct the password")
    if f'database "{url.database}" does not exist' in message:
        return ConfigError(f"PostgreSQL at {where} has no database {url.database}: create it")
    if "permission denied" in message:
        return ConfigError(
            f"{url.username} may not do this on PostgreSQL at {where} ({first}): grant it"
        )
    if isinstance(error, IntegrityError | ProgrammingError | DataError):
        return Permanent(f"PostgreSQL at {where} refuses: {first}")
    return Transient(f"PostgreSQL at {where} does not answer: {first}")


@cache
def _create_once(url: URL) -> None:
    try:
        # Once a process: a pool would keep a connection that nobody uses again.
        with create_engine(url, poolclass=NullPool).begin() as connection:
            _create_schemas(connection)
    except DBAPIError as error:
        raise explained(error, url) from error


def _create_schemas(connection: Connection) -> None:
    # Looked up first: the role of an external database may use its schemas, not create any.
    exists = text("SELECT to_regnamespace(:name) IS NOT NULL")
    schemas = (REGISTRY_SCHEMA, DAGSTER_SCHEMA)
    if all(connection.scalar(exists, {"name": name}) for name in schemas):
        return
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('daybook create'))"))
    for name in schemas:
        connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {name}"))


def _url(settings: Settings, schema: str | None = None) -> URL:
    if settings.database_url is None:
        files = Layout(settings)
        url = URL.create(
            _DRIVER,
            username=ROLE,
            password=files.password(),
            port=PORT,
            database=DATABASE,
            query={"host": str(files.socket_folder())},
        )
    else:
        url = _external(settings.database_url.get_secret_value())
    if url.password:
        redaction.remember([str(url.password)])
    # Dagster and psycopg2 read columns without a zone as UTC, whatever zone the server is in.
    options = [*url.normalized_query.get("options", ()), "-ctimezone=UTC"]
    if schema is not None:
        options.append(f"-csearch_path={schema}")
    return url.update_query_dict({"options": " ".join(options)})


def _external(written: str) -> URL:
    try:
        url = make_url(written)
    except ArgumentError:
        raise ConfigError(
            "DAYBOOK_DATABASE_URL is not a database URL: postgresql://user:password@host/database"
        ) from None
    # Hosts hand out `postgres://` too, which SQLAlchemy itself refuses.
    if url.drivername not in {"postgres", "postgresql", _DRIVER}:
        raise ConfigError(
            f"DAYBOOK_DATABASE_URL must be postgresql://..., not {url.drivername}://..."
        )
    if not url.database:
        raise ConfigError("DAYBOOK_DATABASE_URL names no database: postgresql://.../database")
    return url.set(drivername=_DRIVER)
