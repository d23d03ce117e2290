"""`python -m console` is `daybook`."""

from console.cli import program

program()
