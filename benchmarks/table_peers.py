"""Guarantee: every contestant is fitted at its defaults on the same rows, and gives probabilities.

The linear model and the MLPs get text one-hot and gaps filled with the median and marked, as a
careful user would do; RealMLP and TabM get gaps filled in the same way, as they refuse them; the
others take the table as they are meant to.
"""

import warnings
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from shoal import Recipe, ShoalClassifier

Fit = Callable[[pd.DataFrame, np.ndarray, pd.DataFrame], np.ndarray]  # training, labels, new rows
MOST_CATEGORIES = 255  # that HistGradientBoosting takes of one column


def shoal(
    X: pd.DataFrame, y: np.ndarray, new: pd.DataFrame, recipe: Recipe | None = None
) -> np.ndarray:
    """Return what ``shoal train`` and ``shoal predict`` would."""
    return ShoalClassifier(recipe=recipe, random_state=0).fit(X, y).predict_proba(new)


def encoded(model: Any) -> Fit:
    """Return a contestant of scikit-learn behind the usual encoding."""

    def fit(X: pd.DataFrame, y: np.ndarray, new: pd.DataFrame) -> np.ndarray:
        numbers = make_pipeline(
            SimpleImputer(add_indicator=True, strategy="median"), StandardScaler()
        )
        text = OneHotEncoder(handle_unknown="ignore")
        columns = make_column_transformer(
            (numbers, make_column_selector(dtype_include="number")),
            (text, make_column_selector(dtype_exclude="number")),
            sparse_threshold=0,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            warnings.filterwarnings("ignore", message="Found unknown categories")
            return make_pipeline(columns, model).fit(X, y).predict_proba(new)

    return fit


def histogram(X: pd.DataFrame, y: np.ndarray, new: pd.DataFrame) -> np.ndarray:
    """Return HistGradientBoosting's, which takes gaps and categories as they are."""
    X, new = _categories(X.dropna(axis="columns", how="all"), new)  # it fails on columns of gaps
    new = new[list(X)]
    many = [c for c in X if X[c].dtype == "category" and len(X[c].cat.categories) > MOST_CATEGORIES]
    for column in many:
        common = X[column].value_counts().index[:MOST_CATEGORIES]
        kind = pd.CategoricalDtype(common)
        X, new = (part.assign(**{column: part[column].astype(kind)}) for part in (X, new))
    model = HistGradientBoostingClassifier(categorical_features="from_dtype", random_state=0)
    return np.asarray(model.fit(X, y).predict_proba(new))


def lightgbm(X: pd.DataFrame, y: np.ndarray, new: pd.DataFrame) -> np.ndarray:
    """Return LightGBM's, which takes categories as they are."""
    from lightgbm import LGBMClassifier  # noqa: PLC0415

    X, new = _categories(X, new)
    return np.asarray(LGBMClassifier(verbose=-1, random_state=0).fit(X, y).predict_proba(new))


def catboost(X: pd.DataFrame, y: np.ndarray, new: pd.DataFrame) -> np.ndarray:
    """Return CatBoost's, which takes text as it is."""
    from catboost import CatBoostClassifier  # noqa: PLC0415

    text = [column for column in X if not pd.api.types.is_numeric_dtype(X[column])]
    X, new = (
        part.assign(**{c: part[c].fillna("?").astype(str) for c in text}) for part in (X, new)
    )
    model = CatBoostClassifier(cat_features=text, verbose=False, random_seed=0)
    model.set_params(allow_writing_files=False)
    return np.asarray(model.fit(X, y).predict_proba(new))


def realmlp(X: pd.DataFrame, y: np.ndarray, new: pd.DataFrame) -> np.ndarray:
    """Return RealMLP's at its tuned defaults."""
    from pytabkit import RealMLP_TD_Classifier  # noqa: PLC0415

    X, new = _filled(X, new)
    return np.asarray(RealMLP_TD_Classifier(random_state=0).fit(X, y).predict_proba(new))


def tabm(X: pd.DataFrame, y: np.ndarray, new: pd.DataFrame) -> np.ndarray:
    """Return TabM's at its defaults."""
    from pytabkit import TabM_D_Classifier  # noqa: PLC0415

    X, new = _filled(X, new)
    return np.asarray(TabM_D_Classifier(random_state=0).fit(X, y).predict_proba(new))


def _filled(X: pd.DataFrame, new: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return both without gaps: numbers get the median and a mark, text a value of its own."""
    text = X.select_dtypes(exclude="number").columns
    X, new = (part.assign(**part[text].astype(object).fillna("?")) for part in (X, new))
    for column in X.columns.difference(text):
        middle = X[column].median()
        mark = f"{column} is missing"
        if X[column].isna().any():
            X, new = (part.assign(**{mark: part[column].isna().astype(float)}) for part in (X, new))
        X, new = (part.assign(**{column: part[column].fillna(middle)}) for part in (X, new))
    X = X.dropna(axis="columns", how="all")
    return _categories(X, new[list(X)])


def _categories(X: pd.DataFrame, new: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    for column in X:
        if not pd.api.types.is_numeric_dtype(X[column]):
            kind = pd.CategoricalDtype(X[column].dropna().unique())
            X, new = (
                X.assign(**{column: X[column].astype(kind)}),
                new.assign(**{column: new[column].astype(kind)}),
            )
    return X, new


def contestants() -> dict[str, Fit]:
    """Return the contestants that are installed; the first is Shoal."""
    found: dict[str, Fit] = {
        "shoal": shoal,
        "logistic regression": encoded(LogisticRegression(max_iter=1000)),
        "MLP": encoded(MLPClassifier(100, random_state=0)),
        "MLP, early stopping": encoded(MLPClassifier(100, early_stopping=True, random_state=0)),
        "HistGradientBoosting": histogram,
    }
    for library, more in (
        ("lightgbm", {"LightGBM": lightgbm}),
        ("catboost", {"CatBoost": catboost}),
        ("pytabkit", {"RealMLP": realmlp, "TabM": tabm}),
    ):
        if find_spec(library):
            found |= more
    return found
