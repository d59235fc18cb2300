"""The instruments that the sound is made with: TimGM6mb.sf2, a General MIDI soundfont of 6 MB inside the pretty_midi wheel.

**References**: T. Brechbill, TimGM6mb (GPL-2); https://github.com/craffel/pretty-midi.
"""

from __future__ import annotations

import functools
from importlib.util import find_spec
from pathlib import Path

from scogen_pipeline.errors import RenderError

PACKAGE, FILE_NAME = "pretty_midi", "TimGM6mb.sf2"


@functools.cache
def load_soundfont() -> bytes:
    """Return the soundfont; its package is not imported, which would take half a second.

    Raises:
        RenderError: If the package or the file in it is missing.
    """
    spec = find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations if spec else None) or ():
        file = Path(folder) / FILE_NAME
        if file.is_file():
            return file.read_bytes()
    raise RenderError(f"The soundfont {FILE_NAME} must be in the package {PACKAGE}, found none. Install pretty-midi.")
