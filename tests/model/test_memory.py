"""Memory is measured at its peak, from when it was last forgotten."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from scogen_pipeline.model.memory import forget_peak, peak_memory


def test_what_was_held_for_a_moment_is_in_the_peak() -> None:
    forget_peak()
    before = peak_memory()["peak_memory_mib"]
    held = np.ones(2**23 * 8, np.uint8)  # 64 MiB
    del held
    assert before + 48 < peak_memory()["peak_memory_mib"] < before + 256


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux forgets")
def test_a_peak_that_was_forgotten_does_not_count() -> None:
    held = np.ones(2**23 * 16, np.uint8)
    high = peak_memory()["peak_memory_mib"]
    del held
    forget_peak()
    assert peak_memory()["peak_memory_mib"] < high - 64
