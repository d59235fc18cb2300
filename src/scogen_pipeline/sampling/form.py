"""A form such as AABB: which measures come back, and from where.

**Conventions.** A letter is a section, all of equal length. A section that comes back is like its last appearance.
"""

from __future__ import annotations

from scogen_pipeline.analysis.returns import MAX_DISTANCE
from scogen_pipeline.errors import RequestError


def check_form(form: str, n_bars: int) -> str:
    """Return a form in capital letters.

    Raises:
        RequestError: If it is no row of letters, does not divide the measures, or asks for a return from too far back.
    """
    letters = str(form).strip().upper()
    if not letters.isalpha() or not letters.isascii():
        raise RequestError(f"`form` must be letters, one a section, such as AABB or ABA, received `{form}`.")
    if n_bars % len(letters):
        raise RequestError(
            f"`form` must divide the {n_bars} measures into equal sections, received {letters} with {len(letters)}. "
            f"Ask for `bars={max(1, round(n_bars / len(letters))) * len(letters)}`."
        )
    farthest = max(_distances(letters)) * n_bars // len(letters)
    if farthest > MAX_DISTANCE:
        raise RequestError(
            f"`form` must bring a section back after at most {MAX_DISTANCE} measures, received {letters} with {farthest}. "
            "Ask for fewer `bars`."
        )
    return letters


def returns_of_form(form: str, n_bars: int) -> tuple[int, ...]:
    """Return for each measure how many measures back the one lies that it is like, 0 if none.

    >>> returns_of_form("AAB", 6)
    (0, 0, 2, 2, 0, 0)
    """
    length = n_bars // len(form)
    return tuple(distance * length for distance in _distances(form) for _ in range(length))


def _distances(form: str) -> list[int]:
    """Return for each section how many sections back it was last heard, 0 if never."""
    return [index - form.rfind(letter, 0, index) if letter in form[:index] else 0 for index, letter in enumerate(form)]
