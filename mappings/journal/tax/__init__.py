"""Tax of a store's lines: the seller's profile, the rules, the rates and how they decide."""
