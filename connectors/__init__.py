"""Connections to the outside world: channels, accounting targets, and everything stored."""
