"""Guarantee: what happened in training is a plain table, the same numbers for every reader.

Floor 3.
"""

from dataclasses import dataclass, field


@dataclass
class History:
    """One row for each pass over the examples (with full batch, for each iteration).

    Attributes
    ----------
    columns : dict of str to list of float
        ``epoch`` counts from 0; a pass in which training diverged has no row. ``cost`` is the cost
        J (with its L2 penalty, if any) met in that pass, each batch measured before its update;
        with full batch it is J before the update, which is what courses print as the cost at
        iteration ``epoch``; with L-BFGS it is J after the iteration. With a validation part,
        ``validation_cost`` and any metrics are measured after the pass.
    stop_reason : str
        Why training ended, as a sentence; empty while it runs.
    reached_max_epochs : bool
        Whether it ended only because the last pass allowed was made.
    diverged : bool
        Whether it ended because the cost or a parameter was no longer a finite number.
    stopped_early : bool
        Whether early stopping ended it.
    kept_epoch : int or None
        The epoch whose parameters were put back at the end, if early stopping did so.
    """

    columns: dict[str, list[float]] = field(default_factory=lambda: {"epoch": [], "cost": []})
    stop_reason: str = ""
    reached_max_epochs: bool = False
    diverged: bool = False
    stopped_early: bool = False
    kept_epoch: int | None = None

    @property
    def interrupted(self) -> bool:
        """Whether it ended neither after its last pass, nor by early stopping or divergence."""
        return not (self.reached_max_epochs or self.stopped_early or self.diverged)

    def append(self, **row: float) -> None:
        """Add a row; every row has the same columns."""
        for name, value in row.items():
            self.columns.setdefault(name, []).append(value)

    def extend(self, costs: list[float]) -> None:
        """Add rows that have nothing but a cost."""
        first = len(self)
        self["epoch"].extend(range(first, first + len(costs)))
        self["cost"].extend(costs)

    def __getitem__(self, name: str) -> list[float]:
        return self.columns[name]

    def __contains__(self, name: str) -> bool:
        return name in self.columns

    def __len__(self) -> int:
        return len(self.columns.get("epoch", ()))
