"""Shoal: the neural network with one hidden layer, done completely."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shoal.callbacks import Callback, EarlyStopping
    from shoal.checkpoint import Checkpoint
    from shoal.cross_validation import cross_validate
    from shoal.diagnosis import Watch, diagnose
    from shoal.effects import column_effects
    from shoal.errors import DivergedError, InputError
    from shoal.estimators import NetworkClassifier, NetworkRegressor
    from shoal.examples import Examples, Member
    from shoal.export import export_model
    from shoal.gradient_checks import gradient_check
    from shoal.history import History
    from shoal.network import Network
    from shoal.pytorch import from_torch, to_torch
    from shoal.recipe import Recipe
    from shoal.report import report_html
    from shoal.shards import find_shards, train_shards
    from shoal.table_classifier import ShoalClassifier
    from shoal.table_evaluation import evaluate
    from shoal.table_model import TableModel
    from shoal.table_training import train_table
    from shoal.tables import read_table, table_from_frame
    from shoal.traces import trace
    from shoal.training import train, train_population

__version__ = "0.1.0"

_HOMES = {
    "Callback": "callbacks",
    "Checkpoint": "checkpoint",
    "DivergedError": "errors",
    "EarlyStopping": "callbacks",
    "Examples": "examples",
    "History": "history",
    "InputError": "errors",
    "Member": "examples",
    "Network": "network",
    "NetworkClassifier": "estimators",
    "NetworkRegressor": "estimators",
    "Recipe": "recipe",
    "ShoalClassifier": "table_classifier",
    "TableModel": "table_model",
    "Watch": "diagnosis",
    "column_effects": "effects",
    "cross_validate": "cross_validation",
    "diagnose": "diagnosis",
    "evaluate": "table_evaluation",
    "find_shards": "shards",
    "export_model": "export",
    "from_torch": "pytorch",
    "gradient_check": "gradient_checks",
    "read_table": "tables",
    "report_html": "report",
    "table_from_frame": "tables",
    "trace": "traces",
    "to_torch": "pytorch",
    "train": "training",
    "train_population": "training",
    "train_shards": "shards",
    "train_table": "table_training",
}
__all__ = [
    "Callback",
    "Checkpoint",
    "DivergedError",
    "EarlyStopping",
    "Examples",
    "History",
    "InputError",
    "Member",
    "Network",
    "NetworkClassifier",
    "NetworkRegressor",
    "Recipe",
    "ShoalClassifier",
    "TableModel",
    "Watch",
    "column_effects",
    "cross_validate",
    "diagnose",
    "evaluate",
    "export_model",
    "find_shards",
    "from_torch",
    "gradient_check",
    "read_table",
    "report_html",
    "table_from_frame",
    "to_torch",
    "trace",
    "train",
    "train_population",
    "train_shards",
    "train_table",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: what is not used costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'shoal' has no attribute {name!r}")
    value = getattr(import_module(f"shoal.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*__all__, "__version__"})
