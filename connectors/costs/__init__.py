"""Costs of goods: what a unit costs and what became of stock, as files of the owner's tell."""

from connectors.costs.movements import Movement, read_movements
from connectors.costs.unit_costs import CHANNELS_OWN, UnitCost, read_costs

__all__ = ["CHANNELS_OWN", "Movement", "UnitCost", "read_costs", "read_movements"]
