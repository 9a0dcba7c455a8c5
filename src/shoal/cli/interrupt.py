"""Guarantee: Ctrl-C during training keeps what was learned; before training it simply stops.

Floor 7.
"""

import signal
from types import FrameType, TracebackType
from typing import Self

from shoal.callbacks import Callback, TrainingState

STOPPED = "stopped by Ctrl-C"


class StopOnCtrlC(Callback):
    """Ends the network's training within a moment of Ctrl-C; twice, ends all.

    From the beginning of that training until the context ends, one press loses nothing. In the
    baseline's training, which comes first, there is nothing to keep yet: a press ends all.
    """

    def __enter__(self) -> Self:
        self._pressed = False
        self._earlier = signal.getsignal(signal.SIGINT)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # once pressed, all is said and written; an impatient second press spoils nothing
        signal.signal(signal.SIGINT, signal.SIG_IGN if self._pressed else self._earlier)

    def on_train_begin(self, state: TrainingState) -> None:  # noqa: D102
        if state.network.n_h and self._earlier != signal.SIG_IGN:  # ignored as with nohup
            signal.signal(signal.SIGINT, self._press)

    def on_tick(self, state: TrainingState) -> None:  # noqa: D102
        if self._pressed:
            state.stop(STOPPED)

    def _press(self, number: int, frame: FrameType | None) -> None:
        if self._pressed:
            raise KeyboardInterrupt
        self._pressed = True
