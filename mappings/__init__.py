"""The vocabulary and the rules: data first, and pure functions over it."""
