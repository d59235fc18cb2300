"""The form and harmony of a piece, read off its notes: chords, phrases, measures that come back."""
