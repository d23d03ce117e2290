"""Asking for the code location to be loaded anew, because its partitions have grown.

Dagster holds the partitions of a code location as they were when it was loaded. `daybook up` looks
for the file that is left here, and begins the code server anew.
"""

from connectors.home.settings import Settings


def ask_for_reload(settings: Settings) -> None:
    """Leave the request; asking again before it is heard changes nothing."""
    settings.reload_request_file.touch()


def take_reload_request(settings: Settings) -> bool:
    """Return whether a reload was asked for since the last call."""
    try:
        settings.reload_request_file.unlink()
    except FileNotFoundError:
        return False
    return True
