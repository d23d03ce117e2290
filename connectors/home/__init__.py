"""Settings, making and mending a home, and what everything in it shares."""
