"""The HTTP API: everything the pages do, for programs, with the same roles."""
