"""MIDI bytes to note tables, and note tables to MIDI bytes."""
