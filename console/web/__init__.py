"""The web console: pages and an HTTP API over one home, behind one sign-in."""
