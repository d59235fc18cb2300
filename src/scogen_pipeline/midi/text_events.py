"""The words in a MIDI file: title, composer, copyright and track names, read from the raw meta events FF 01 to FF 07.

The note reader (symusic) drops text and copyright and breaks Latin-1 names; the licences of collections ask for attribution, so the
words are read apart.

**Conventions.** Text is UTF-8 where it decodes as such, else Latin-1 (which always decodes). Runs of blanks and control characters become
one blank. An absent text is "".

**References**: *Standard MIDI Files 1.0*, RP-001, "Meta-Events".
"""

from __future__ import annotations

from typing import Final

#: How `midi.writing` marks the composer among the text events.
COMPOSER_PREFIX: Final = "Composer:"
