"""Emulators of every platform: to try Daybook without an account, and for its tests."""
