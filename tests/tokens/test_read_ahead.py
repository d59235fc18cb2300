"""Reading ahead: the same items in the same order, errors where they are used, and no thread left behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from scogen_pipeline.tokens.read_ahead import ahead


def n_readers() -> int:
    return sum(thread.name == "reading ahead" for thread in threading.enumerate())


def test_all_items_come_in_their_order() -> None:
    assert list(ahead(range(100), 3)) == list(range(100))


def test_items_are_made_before_they_are_asked_for_but_not_many() -> None:
    made: list[int] = []
    first_taken = threading.Event()

    def items() -> Iterator[int]:
        for item in range(100):
            made.append(item)
            if item == 3:
                first_taken.set()
            yield item

    taken = ahead(items(), 3)
    next(taken)
    assert first_taken.wait(5)
    assert len(made) <= 6
    taken.close()  # type: ignore[attr-defined]


def test_an_error_of_the_thread_is_raised_after_the_items_before_it() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("broken file")

    taken = ahead(items())
    assert next(taken) == 1
    with pytest.raises(ValueError, match="broken file"):
        next(taken)


def test_leaving_early_ends_the_thread() -> None:
    before = n_readers()
    for item in ahead(range(10**9)):
        if item == 5:
            break
    del item
    taken = ahead(range(10**9))
    next(taken)
    taken.close()  # type: ignore[attr-defined]
    assert n_readers() <= before + 1
