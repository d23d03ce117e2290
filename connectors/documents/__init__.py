"""A file or an API answer on its way into the lake."""
