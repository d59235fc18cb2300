"""Scores: MusicXML, Humdrum and ABC, read by music21, to labelled MIDI."""
