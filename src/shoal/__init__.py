"""Shoal: the neural network with one hidden layer, done completely."""

from shoal.callbacks import Callback, EarlyStopping
from shoal.errors import DivergedError, InputError
from shoal.estimators import ShoalClassifier, ShoalRegressor
from shoal.history import History
from shoal.network import Network
from shoal.training import Examples, train

__version__ = "0.1.0"

__all__ = [
    "Callback",
    "DivergedError",
    "EarlyStopping",
    "Examples",
    "History",
    "InputError",
    "Network",
    "ShoalClassifier",
    "ShoalRegressor",
    "train",
]
