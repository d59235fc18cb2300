"""Numbers and names as the report writes them.

**Conventions.** Numbers have a comma for each thousand, percentages a space that does not break. Names from files are hostile:
they are cut and cleaned here, and escaped by the template.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_SPACE: Final = "\N{NO-BREAK SPACE}"
_MAX_CHARACTERS: Final = 160
_ELLIPSIS: Final = "\N{HORIZONTAL ELLIPSIS}"
# Characters that draw nothing or turn the reading direction: they could make a path look like another.
_HIDDEN_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def number(value: float) -> str:
    """Write a number, in full.

    >>> number(1186253), number(3.14159), number(0.25)
    ('1,186,253', '3.1', '0.2')
    """
    return f"{value:,.0f}" if value == int(value) or abs(value) >= 100 else f"{value:,.1f}"


def short_number(value: float) -> str:
    """Write a number such that it fits on an axis or a tile.

    >>> [short_number(n) for n in (0, 950, 12_400, 716_000, 5_900_000_000)]
    ['0', '950', '12,400', '716,000', '5.9 billion']
    """
    for size, word in ((1e9, "billion"), (1e6, "million")):
        if abs(value) >= size:
            return f"{float(f'{value / size:.2g}'):,g} {word}"
    return number(value)


def share(part: float, whole: float) -> str:
    r"""Write a part as a percentage; what is not nothing is never 0 %, what is not all never 100 %.

    >>> share(1, 3), share(1, 3000), share(2999, 3000), share(3, 3), share(0, 0)
    ('33\xa0%', '<\xa00.1\xa0%', '>\xa099.9\xa0%', '100\xa0%', '0\xa0%')
    """
    percent = 100 * part / whole if whole else 0.0
    if 0 < percent < 0.1:
        return f"<{_SPACE}0.1{_SPACE}%"
    if 99.9 < percent < 100:
        return f">{_SPACE}99.9{_SPACE}%"
    digits = 1 if (0 < percent < 10 and percent != round(percent)) or 99 < percent < 100 else 0
    return f"{percent:.{digits}f}{_SPACE}%"


def pieces(n: int) -> str:
    """Count pieces.

    >>> pieces(1), pieces(1200)
    ('1 piece', '1,200 pieces')
    """
    return counted(n, "piece")


def counted(n: int, noun: str, plural: str = "") -> str:
    """Count things.

    >>> counted(1, "copy", "copies"), counted(0, "copy", "copies"), counted(2, "file")
    ('1 copy', '0 copies', '2 files')
    """
    return f"{number(n)} {noun if n == 1 else plural or noun + 's'}"


def duration(seconds: float) -> str:
    """Write a long duration.

    >>> duration(45), duration(1500), duration(76_320), duration(353_880_000)
    ('45 seconds', '25 minutes', '21 hours', '98,300 hours')
    """
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    if seconds < 5400:
        return f"{seconds / 60:.0f} minutes"
    hours = seconds / 3600
    return f"{float(f'{hours:.3g}'):,.{0 if hours >= 10 else 1}f} hours"


def clock(seconds: float) -> str:
    """Write the length of a piece.

    >>> clock(7.4), clock(204), clock(3909)
    ('0:07', '3:24', '1:05:09')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def size(n_bytes: int) -> str:
    """Write the size of files.

    >>> size(900), size(5_300_000), size(8_500_000_000)
    ('900 bytes', '5.3 MB', '8.5 GB')
    """
    for unit, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if n_bytes >= unit:
            return f"{n_bytes / unit:.3g} {name}"
    return f"{n_bytes} bytes"


def shown(name: str, most: int = _MAX_CHARACTERS) -> str:
    r"""Clean a name: on one line, without hidden characters, not too long.

    >>> shown("Ave\nMaria\u202e"), shown("x" * 200, 10)
    ('Ave Maria', 'xxxxxxxxx…')
    """
    line = re.sub(r"\s+", " ", name).strip()
    visible = "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) == "Cs" else c for c in line if not _is_hidden(c))
    return visible if len(visible) <= most else visible[: most - 1].rstrip() + _ELLIPSIS


def _is_hidden(character: str) -> bool:
    return character != "\N{ZERO WIDTH JOINER}" and unicodedata.category(character) in _HIDDEN_CATEGORIES - {"Cs"}
