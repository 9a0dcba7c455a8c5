"""Guarantee: a finding is plain data: what it is called, what shows it, and what helps."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """Something that keeps a network from learning, or that its user should know.

    Attributes
    ----------
    name : str
        One of ``NAMES``; docs/findings.md has a section on each.
    kind : {"failure", "warning"}
        Whether it keeps the network from learning.
    sentence, cure : str
    evidence : dict of str to float
    """

    name: str
    kind: Literal["failure", "warning"]
    sentence: str
    cure: str
    evidence: dict[str, float] = field(default_factory=dict)

    @property
    def page(self) -> str:
        """Where the docs explain it."""
        return f"docs/findings.md#{self.name.replace(' ', '-')}"


NAMES = (
    "not finite", "constant features", "unscaled", "imbalance",
    "dead", "symmetric", "dead units", "linear", "saturated", "vanishing", "exploding",
    "no better than a guess", "alpha too large", "alpha too small", "plateau", "memorising",
)  # fmt: skip
OF_THE_EXAMPLES = ("constant features", "unscaled", "imbalance")  # not of a network
