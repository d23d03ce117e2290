"""The user's side: the command line, the pages and the HTTP API."""
