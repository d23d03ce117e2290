"""Events of stores, and what owners have done when one happens."""
