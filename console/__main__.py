"""`python -m console` is `daybook`."""

from console.cli import main

main()
