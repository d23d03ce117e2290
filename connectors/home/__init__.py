"""Settings, creation and repair of a home, and its shared parts."""
