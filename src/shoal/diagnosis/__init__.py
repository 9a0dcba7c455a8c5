"""Guarantee: why a network does not learn is named, with the numbers that show it, or nothing is.

Floor 4, with nothing beside NumPy but the engine. Each finding looks at a network on examples, at
its gradient, or at the history of its training; a healthy network has none.
"""

from shoal.diagnosis.examination import MOST_EXAMPLES, diagnose
from shoal.diagnosis.finding import NAMES, OF_THE_EXAMPLES, Finding
from shoal.diagnosis.steps import curvature
from shoal.diagnosis.units import distinct_units
from shoal.diagnosis.watch import FindingWarning, Watch

__all__ = [
    "MOST_EXAMPLES",
    "NAMES",
    "OF_THE_EXAMPLES",
    "Finding",
    "FindingWarning",
    "Watch",
    "curvature",
    "diagnose",
    "distinct_units",
]
