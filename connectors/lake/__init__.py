"""Where bytes live, and how they are written and read."""
