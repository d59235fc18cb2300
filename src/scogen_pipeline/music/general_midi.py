"""The names of the General MIDI programs.

**Conventions.** Programs count from 0, as in the file; printed lists often count from 1.

**References.** *General MIDI System Level 1* (MIDI Manufacturers Association, 1991).
"""

from __future__ import annotations

from typing import Final

PROGRAM_NAMES: Final[tuple[str, ...]] = (
    "Acoustic grand piano", "Bright acoustic piano", "Electric grand piano", "Honky-tonk piano",
    "Electric piano 1", "Electric piano 2", "Harpsichord", "Clavinet",
    "Celesta", "Glockenspiel", "Music box", "Vibraphone", "Marimba", "Xylophone", "Tubular bells", "Dulcimer",
    "Drawbar organ", "Percussive organ", "Rock organ", "Church organ", "Reed organ", "Accordion", "Harmonica", "Tango accordion",
    "Acoustic guitar (nylon)", "Acoustic guitar (steel)", "Electric guitar (jazz)", "Electric guitar (clean)",
    "Electric guitar (muted)", "Overdriven guitar", "Distortion guitar", "Guitar harmonics",
    "Acoustic bass", "Electric bass (finger)", "Electric bass (pick)", "Fretless bass",
    "Slap bass 1", "Slap bass 2", "Synth bass 1", "Synth bass 2",
    "Violin", "Viola", "Cello", "Double bass", "Tremolo strings", "Pizzicato strings", "Orchestral harp", "Timpani",
    "String ensemble 1", "String ensemble 2", "Synth strings 1", "Synth strings 2",
    "Choir aahs", "Voice oohs", "Synth voice", "Orchestra hit",
    "Trumpet", "Trombone", "Tuba", "Muted trumpet", "French horn", "Brass section", "Synth brass 1", "Synth brass 2",
    "Soprano saxophone", "Alto saxophone", "Tenor saxophone", "Baritone saxophone", "Oboe", "English horn", "Bassoon", "Clarinet",
    "Piccolo", "Flute", "Recorder", "Pan flute", "Blown bottle", "Shakuhachi", "Whistle", "Ocarina",
    "Lead 1 (square)", "Lead 2 (sawtooth)", "Lead 3 (calliope)", "Lead 4 (chiff)",
    "Lead 5 (charang)", "Lead 6 (voice)", "Lead 7 (fifths)", "Lead 8 (bass and lead)",
    "Pad 1 (new age)", "Pad 2 (warm)", "Pad 3 (polysynth)", "Pad 4 (choir)",
    "Pad 5 (bowed)", "Pad 6 (metallic)", "Pad 7 (halo)", "Pad 8 (sweep)",
    "Effect 1 (rain)", "Effect 2 (soundtrack)", "Effect 3 (crystal)", "Effect 4 (atmosphere)",
    "Effect 5 (brightness)", "Effect 6 (goblins)", "Effect 7 (echoes)", "Effect 8 (science fiction)",
    "Sitar", "Banjo", "Shamisen", "Koto", "Kalimba", "Bagpipe", "Fiddle", "Shanai",
    "Tinkle bell", "Agogo", "Steel drums", "Woodblock", "Taiko drum", "Melodic tom", "Synth drum", "Reverse cymbal",
    "Guitar fret noise", "Breath noise", "Seashore", "Bird tweet", "Telephone ring", "Helicopter", "Applause", "Gunshot",
)  # fmt: skip


def program_name(program: int) -> str:
    """Return the name of a program, counted from 0.

    >>> program_name(0), program_name(40), program_name(127), program_name(128)
    ('Acoustic grand piano', 'Violin', 'Gunshot', 'Program 128')
    """
    return PROGRAM_NAMES[program] if 0 <= program < len(PROGRAM_NAMES) else f"Program {program}"
