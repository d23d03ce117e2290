"""One module a family of commands; each adds its own to the command line."""
