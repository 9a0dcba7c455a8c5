"""Guarantee: Ctrl-C during training keeps what was learned; before training it simply stops.

Floor 7.
"""

import signal
from types import FrameType, TracebackType
from typing import Self

from shoal.callbacks import Callback, TrainingState


class StopOnCtrlC(Callback):
    """Ends training after the update in which Ctrl-C was pressed; pressed twice, ends all.

    As a context manager it puts the earlier handler back. A further training in the same context
    (the baseline's) starts afresh, so that it is not cut short by the same press.
    """

    def __enter__(self) -> Self:
        self.pressed = False
        self._asked = False
        self._earlier = signal.getsignal(signal.SIGINT)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        signal.signal(signal.SIGINT, self._earlier)

    def on_train_begin(self, state: TrainingState) -> None:  # noqa: D102
        self._asked = False
        if self._earlier != signal.SIG_IGN:  # as with nohup
            signal.signal(signal.SIGINT, self._press)

    def on_update_end(self, state: TrainingState) -> None:  # noqa: D102
        if self._asked:
            state.stop("stopped by Ctrl-C")

    def _press(self, number: int, frame: FrameType | None) -> None:
        if self._asked:
            raise KeyboardInterrupt
        self.pressed = self._asked = True
