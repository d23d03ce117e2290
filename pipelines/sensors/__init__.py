"""Sensors read the registry and the lake's folders only, and stay under a second a tick."""
