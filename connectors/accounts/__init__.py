"""Connecting an account: platforms, consent, credentials, tokens."""
