"""How much memory a training takes at its peak, of the machine and of the accelerator if there is one.

**Conventions.** In MiB. The machine's figure is the largest resident set of this process since `forget_peak` (since its start,
where the system cannot forget: anywhere but on Linux). The device's figure is the most that the backend has held on the first
accelerator; backends that are told to take all memory at once still count only what they use.

**References**: proc_pid_status(5) and proc_pid_clear_refs(5), https://man7.org/linux/man-pages.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

logger = logging.getLogger(__name__)

_MIB: Final = 2**20
_STATUS: Final = Path("/proc/self/status")
_CLEAR: Final = Path("/proc/self/clear_refs")
#: What resets the peak of the resident set, see the manual.
_RESET_PEAK: Final = "5"


def peak_memory() -> dict[str, float]:
    """Return `peak_memory_mib`, and `device_memory_mib` if there is an accelerator."""
    device = _device_peak()
    return {"peak_memory_mib": _process_peak()} | ({} if device is None else {"device_memory_mib": device / _MIB})


def forget_peak() -> None:
    """Begin to measure anew, as far as the system and the backend can."""
    try:
        _CLEAR.write_text(_RESET_PEAK, encoding="ascii")
    except OSError as error:
        logger.debug("The peak of memory is that of the whole process: %s", error)
    _device_reset()


def _process_peak() -> float:
    try:
        (kib,) = re.findall(r"^VmHWM:\s+(\d+) kB$", _STATUS.read_text(encoding="ascii"), re.MULTILINE)
        return int(kib) / 1024
    except (OSError, ValueError):
        import resource  # noqa: PLC0415  (not on Windows)

        size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return size / _MIB if sys.platform == "darwin" else size / 1024


def _backend() -> str:
    """The backend in use, "" where Keras is not: it takes seconds to import."""
    keras: Any = sys.modules.get("keras")
    return str(keras.backend.backend()) if keras else ""


def _device_peak() -> float | None:
    peak: Callable[[], float | None] | None = {"tensorflow": _tensorflow_peak, "jax": _jax_peak, "torch": _torch_peak}.get(
        _backend()
    )
    return peak() if peak else None


def _tensorflow_peak() -> float | None:
    tf: Any = sys.modules["tensorflow"]
    if not tf.config.list_physical_devices("GPU"):
        return None
    return float(tf.config.experimental.get_memory_info("GPU:0")["peak"])


def _jax_peak() -> float | None:
    jax: Any = sys.modules["jax"]
    statistics = jax.local_devices()[0].memory_stats() or {}
    return statistics.get("peak_bytes_in_use")


def _torch_peak() -> float | None:
    torch: Any = sys.modules["torch"]
    return float(torch.cuda.max_memory_allocated()) if torch.cuda.is_available() else None


def _device_reset() -> None:
    """JAX cannot."""
    backend = _backend()
    if backend == "tensorflow" and _tensorflow_peak() is not None:
        sys.modules["tensorflow"].config.experimental.reset_memory_stats("GPU:0")
    elif backend == "torch" and _torch_peak() is not None:
        sys.modules["torch"].cuda.reset_peak_memory_stats()
