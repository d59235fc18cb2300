"""A `Piece` to MusicXML, pages, MIDI and sound."""
