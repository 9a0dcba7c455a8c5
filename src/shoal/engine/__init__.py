"""Guarantee: whichever engine runs, the same names mean the same sums.

Floor 2. The gradient of a mean is a sum over examples divided by m, so an engine is a few
functions that add up over examples. Today one engine runs: NumPy, on the equations themselves.
"""

from shoal.engine.numpy_engine import NumpyEngine
from shoal.engine.protocol import CostAndGradient, Engine

__all__ = ["CostAndGradient", "Engine", "NumpyEngine", "default_engine"]


def default_engine() -> Engine:
    """Return the engine that training and prediction use unless told otherwise."""
    return NumpyEngine()
