"""Guarantee: whichever engine runs, the same names mean the same sums.

Floor 2. The gradient of a mean is a sum over examples divided by m, so an engine is a few
functions that add up over examples. The native engine runs wherever it could be compiled; NumPy,
on the equations themselves, runs everywhere, only slower.
"""

import os
import warnings
from functools import cache

from shoal.engine.numpy_engine import NumpyEngine
from shoal.engine.protocol import CostAndGradient, Descent, Engine, Passes, Tick, penalised
from shoal.errors import InputError

__all__ = [
    "CostAndGradient",
    "Descent",
    "Engine",
    "NumpyEngine",
    "Passes",
    "Tick",
    "default_engine",
    "penalised",
]

ENGINES = ("native", "numpy")
WITHOUT_NATIVE = (
    "Shoal runs without its native engine, on NumPy, which is several times slower: install a C++"
    " compiler and then Shoal again, or set SHOAL_ENGINE=numpy to accept it"
)


def default_engine(threads: int | None = None) -> Engine:
    """Return the engine that training and prediction use unless told otherwise.

    Parameters
    ----------
    threads : int, optional
        At most so many; see :class:`shoal.engine.native_engine.NativeEngine`.

    Raises
    ------
    InputError
        SHOAL_ENGINE is neither ``native`` nor ``numpy``, or asks for a native engine that was not
        compiled.
    """
    wish = os.environ.get("SHOAL_ENGINE", "").strip().lower()
    if wish not in ("", *ENGINES):
        raise InputError(f"SHOAL_ENGINE is {wish!r}, but must be one of {', '.join(ENGINES)}")
    if wish == "numpy":
        return NumpyEngine()
    try:
        from shoal.engine.native_engine import NativeEngine  # noqa: PLC0415
    except ImportError as error:
        if wish == "native":
            raise InputError(f"SHOAL_ENGINE is 'native', but {WITHOUT_NATIVE} ({error})") from None
        _warn_once()
        return NumpyEngine()
    return NativeEngine(threads)


@cache
def _warn_once() -> None:
    warnings.warn(f"{WITHOUT_NATIVE}.", RuntimeWarning, stacklevel=3)
