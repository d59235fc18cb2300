"""Items made ahead of time in a thread, so that whoever uses them need not wait.

Reading a file, decompressing and copying are done without Python's lock, and so is a step of training: both run at once.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

T = TypeVar("T")

#: How often a thread whose items nobody takes looks whether it is to end.
_POLL_S: Final = 0.1


@dataclass(frozen=True)
class _Failure:
    error: BaseException


class _End:
    pass


def ahead(items: Iterable[T], n: int = 4) -> Iterator[T]:
    """Yield the items in their order, at most `n` of them made before they are asked for.

    What goes wrong in the thread is raised where the items are used. Leaving the iterator early ends the thread.

    Args:
        items: Made one by one in the thread.
        n: At least 1.
    """
    made: queue.Queue[T | _Failure | _End] = queue.Queue(n)
    reader = _Reader(items, made)
    reader.start()
    try:
        while not isinstance(item := made.get(), _End):
            if isinstance(item, _Failure):
                raise item.error
            yield item
    finally:
        reader.is_over.set()
        reader.join()


class _Reader(threading.Thread, Generic[T]):
    def __init__(self, items: Iterable[T], made: queue.Queue[T | _Failure | _End]) -> None:
        super().__init__(name="reading ahead", daemon=True)
        self._items, self._made, self.is_over = items, made, threading.Event()

    def run(self) -> None:
        try:
            for item in self._items:
                if not self._put(item):
                    return
        except BaseException as error:  # noqa: BLE001  (raised again by whoever waits for the item)
            self._put(_Failure(error))
        else:
            self._put(_End())

    def _put(self, item: T | _Failure | _End) -> bool:
        """Hand an item over; false if nobody waits for it any more."""
        while not self.is_over.is_set():
            try:
                self._made.put(item, timeout=_POLL_S)
            except queue.Full:
                continue
            return True
        return False
