"""Mitogen's way of running a play, found wherever the package is installed (docs/decisions/0008)."""

from ansible_mitogen.plugins.strategy.mitogen_linear import StrategyModule

__all__ = ["StrategyModule"]
