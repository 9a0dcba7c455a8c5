"""Guarantee: all workers compute as the client does, or a sentence says which one cannot.

Floor 7. The engine gives other bits with other instructions, unless it is to be reproducible, and
other versions of Shoal may give others again. NumPy's depend on its version, its BLAS and the CPU.
"""

import platform
from dataclasses import dataclass

from shoal import __version__
from shoal.engine import Engine, NumpyEngine
from shoal.errors import InputError


@dataclass(frozen=True)
class Arithmetic:
    """What the bits of a sum depend on, further to what is added up.

    Attributes
    ----------
    version : str
        Of Shoal.
    engine_name : str
    instructions : str or None
        None where any give the same bits.
    """

    version: str
    engine_name: str
    instructions: str | None

    @classmethod
    def of(cls, engine: Engine) -> "Arithmetic":
        """Return that of an engine of this process."""
        instructions = None if engine.reproducible else getattr(engine, "instructions", None)
        return cls(__version__, engine.name, instructions)

    def engine(self) -> Engine:
        """Return an engine of this process that gives the same bits, with one thread."""
        where = platform.node()
        if self.version != __version__:
            raise InputError(
                f"the worker on {where} has Shoal {__version__}, but the client {self.version}:"
                " install the same version on both"
            )
        if self.engine_name == NumpyEngine.name:
            return self._numpy_engine(where)
        try:
            from shoal.engine.native_engine import NativeEngine  # noqa: PLC0415
        except ImportError:
            raise InputError(
                f"the worker on {where} lacks the native engine, which the client has: install a"
                " C++ compiler and then Shoal again there, or set SHOAL_ENGINE=numpy for the client"
            ) from None
        exact = self.instructions is None
        if not exact and self.instructions not in NativeEngine.known_instructions():
            raise InputError(
                f"the worker on {where} has not the instructions of the client"
                f" ({self.instructions}): set SHOAL_REPRODUCIBLE=1 for the client, so that all"
                " compute alike"
            )
        return NativeEngine(1, exact, self.instructions)

    def _numpy_engine(self, where: str) -> NumpyEngine:
        engine = NumpyEngine()
        if self.instructions != engine.instructions:
            raise InputError(
                f"NumPy gives other bits on the worker on {where} ({engine.instructions}) than for"
                f" the client ({self.instructions}): take machines of one kind with one NumPy, or"
                " install a C++ compiler and then Shoal again on all, and set SHOAL_REPRODUCIBLE=1"
                " for the client"
            )
        return engine
