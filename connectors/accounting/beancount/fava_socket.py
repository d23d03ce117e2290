"""Run Fava with its server on a Unix socket: a script for the interpreter that Fava has.

Fava's options know a port only, on which any page in a browser on this machine could ask it; the
server that it uses, cheroot, takes the path of a socket as well as a port. The words are the
socket's path, Fava's program, and what that is given.
"""

import runpy
import sys
from typing import Any

IDLE_SECONDS = 5.0


def main(path: str, program: str, words: list[str]) -> None:
    """Run the program as it would run by itself, but for where it listens."""
    # Of a script it begins with the script's own folder, whose modules are not meant.
    del sys.path[0]
    from cheroot import wsgi

    begin = wsgi.Server.__init__

    def begin_on_socket(server: Any, _port: Any, *words: Any, **options: Any) -> None:
        begin(server, path, *words, **options)

    wsgi.Server.__init__ = begin_on_socket  # type: ignore[method-assign, assignment]
    # It looks twice a second for connections to drop, which an idle home would pay for all day.
    wsgi.Server.expiration_interval = IDLE_SECONDS
    sys.argv = [program, *words]
    runpy.run_path(program, run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
