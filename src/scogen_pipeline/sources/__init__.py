"""Sources: where MIDI files come from. Folders, archives and servers, as one stream of files."""
