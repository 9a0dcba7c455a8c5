"""Guarantee: the columns of a table become the same features in training and ever after.

Floor 4. A number is centred and scaled to unit variance; text becomes one 0/1 feature for each
frequent value and one for all rare or new ones, or, with many values, smoothed means of the target;
dates become their parts; gaps are marked.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from shoal.activations import Array
from shoal.cells import is_number
from shoal.column_plans import Categories, ColumnPlan, Dates, TargetMeans, plan_from_data
from shoal.columns import Table, nearest_name
from shoal.dates import to_days
from shoal.errors import InputError
from shoal.planning import choose_plan
from shoal.splitting import Labels, Splitter
from shoal.summaries import summarise
from shoal.target_means import fit_target_means


class TableEncoder:
    """Turns the columns of a table into the matrix that a network reads.

    Parameters
    ----------
    plans : sequence of ColumnPlan
        One for each column of the training table without its target; see :meth:`fit`.
    """

    def __init__(self, plans: Sequence[ColumnPlan]) -> None:
        self.plans = tuple(plans)

    @classmethod
    def fit(
        cls,
        table: Table,
        labels: Labels,
        classes: tuple[str, ...],
        *,
        dropped: Mapping[str, str] | None = None,
        keep: Iterable[str] = (),
        uses: Mapping[str, str] | None = None,
        splitter: Splitter | None = None,
    ) -> tuple["TableEncoder", Array]:
        """Decide for each column of a table without its target.

        Parameters
        ----------
        table : Table
        labels : ndarray of int, (m,)
            Class numbers of the rows.
        classes : tuple of str
            The labels that the numbers stand for.
        dropped : mapping of str to str
            Columns to leave out, and why.
        keep : iterable of str
            Columns to use even if they look like ids.
        uses : mapping of str to str
            What columns are to be used as; see ``planning.USES``.
        splitter : Splitter, optional
            Makes the folds from which shares of the classes come.

        Returns
        -------
        encoder : TableEncoder
        X : ndarray, (m, n_x)
            The features of these rows. Where a row's own label went into the shares of its
            category, they come from the other rows, so :meth:`transform` would give others.
        """
        keep = {table[name.strip()].name for name in keep}
        dropped = {table[name].name: why for name, why in (dropped or {}).items()}
        uses = {table[name.strip()].name: use for name, use in (uses or {}).items()}
        plans: list[ColumnPlan] = []
        features: list[Array] = []
        for column in table.columns:
            use = uses.get(column.name)
            plan = choose_plan(
                summarise(column, use), table.source, why_not=dropped.get(column.name),
                keep=column.name in keep, use=use,
            )  # fmt: skip
            if isinstance(plan, TargetMeans):
                plan, own = fit_target_means(plan, column, labels, classes, splitter or Splitter())
            else:
                own = plan.transform(column)
            plans.append(plan)
            features.append(own)
        encoder = cls(plans)
        encoder.require_features(table.source)
        return encoder, np.concatenate(features, axis=1)

    def require_features(self, source: str) -> None:
        """Refuse a table of which nothing can be learned."""
        if not self.features:
            words = "; ".join(f"{plan.name}: {plan.note}" for plan in self.plans)
            raise InputError(
                f"no column of {source} can be learned from ({words}): add columns that vary, or"
                " name one to keep"
            )

    @property
    def features(self) -> list[str]:
        """Names of the features, in the order of X's columns."""
        return [name for plan in self.plans for name in plan.features]

    def blocks(self) -> Iterator[tuple[ColumnPlan, slice]]:
        """Yield the plan of each column that is used, and where its features are in X."""
        at = 0
        for plan in self.plans:
            width = len(plan.features)
            if width:
                yield plan, slice(at, at + width)
            at += width

    def transform(self, table: Table, ignore_extra: bool = False) -> Array:
        """Return X, (m, n_x), from a table with the training columns in any order.

        Raises
        ------
        InputError
            A column is missing, unknown (unless ``ignore_extra``) or of another type.
        """
        used = [plan for plan in self.plans if plan.features]
        self._check_names(table, used, ignore_extra)
        for plan in used:
            _check_type(plan, table)
        return self.features_of(table)

    def features_of(self, table: Table) -> Array:
        """Return X, (m, n_x), of a table whose columns are known to be right."""
        used = [plan for plan in self.plans if plan.features]
        return np.concatenate([plan.transform(table[plan.name]) for plan in used], axis=1)

    def to_data(self) -> list[dict[str, Any]]:
        """Return the plans as plain data, for a file."""
        return [plan.to_data() for plan in self.plans]

    @classmethod
    def from_data(cls, data: Iterable[dict[str, Any]]) -> "TableEncoder":
        """Rebuild an encoder from :meth:`to_data`."""
        return cls([plan_from_data(row) for row in data])

    def _check_names(self, table: Table, used: list[ColumnPlan], ignore_extra: bool) -> None:
        known, present = {plan.name for plan in self.plans}, set(table.names)
        missing = [plan.name for plan in used if plan.name not in present]
        extra = [name for name in table.names if name not in known]
        if missing:
            near = nearest_name(missing[0], extra or table.names)
            hint = f" (it has {near!r}: is that it?)" if near else ""
            more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            raise InputError(
                f"{table.source} lacks the column {missing[0]!r}{more}, which the model was"
                f" trained on{hint}: add or rename it"
            )
        if extra and not ignore_extra:
            more = f" and {len(extra) - 1} more" if len(extra) > 1 else ""
            raise InputError(
                f"{table.source} has a column {extra[0]!r}{more} that the model was not trained"
                " on: remove it, or allow it with --ignore-extra (ignore_extra=True)"
            )


def _check_type(plan: ColumnPlan, table: Table) -> None:
    column = table[plan.name]
    if column.kind != plan.kind:
        raise InputError(
            f"column {plan.name!r} of {table.source} holds {column.kind}, but held {plan.kind}"
            " when the model was trained: give the same type"
        )
    if isinstance(plan, Dates):
        _check_dates(plan, table)
    if plan.kind == "number" or not isinstance(plan, Categories) or plan.codes:
        return
    present = [value for value in column.values if value is not None]
    if plan.categories and present and all(is_number(value) for value in present):
        raise InputError(
            f"column {plan.name!r} of {table.source} holds numbers ({present[0]}, …), but held"
            f" text ({', '.join(plan.categories[:3])}, …) when the model was trained: check that"
            " the columns have the right names"
        )


def _check_dates(plan: Dates, table: Table) -> None:
    column = table[plan.name]
    strange = np.flatnonzero(np.isnan(to_days(column.cells, plan.form)) & ~column.absent)
    if len(strange):
        row = int(strange[0])
        raise InputError(
            f"column {plan.name!r} held dates when the model was trained ({plan.form}), but"
            f" {table.place(row)} of {table.source} holds {column.cells[row]!r}: correct the cell"
            " or leave it empty"
        )
