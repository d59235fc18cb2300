"""Music theory that the rest of the package stands on. Standard library only.

**Conventions**

- Time is counted in *grid ticks*, `TICKS_PER_QUARTER` = 24 to the quarter note, from the start of the piece. 24 divides by 8
  (thirty-second notes are 3) and by 3 (triplet eighths are 8, triplet sixteenths 4).
- Pitch is a MIDI number, 60 = middle C (C4), sounding pitch.
- A rest is the absence of a note.
- Notes are ordered by (onset, part, pitch, duration).
"""
