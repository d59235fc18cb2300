"""scogen: from MIDI to a printed page.

Map of the package, from the bottom up (each layer imports only the ones above it in this list):

- `errors`: what can go wrong.
- `music`: pitch, key, meter, tempo, duration, instruments, genres and the `Piece`; standard library only.
- `midi`: the bytes of one MIDI file to notes, and notes to bytes.
- `sources`: where MIDI files come from: folders, archives, servers. `scores`: MusicXML, Humdrum and ABC to labelled MIDI.
- `collection`: a stream of files to tables in parts; labels, near duplicates and splits of the pieces.
- `tokens`: a `Piece` to factorised tokens to ids and back.
- `model`: the Keras LSTM, its training, and its NumPy twin for generation.
- `notation`, `sampling`, `metrics`: a `Piece` to a page and sound; a request to a `Piece`; how good it is.
- `datasets`: one Kedro dataset class per file.
- `pipelines`: one Kedro pipeline per process.
- `hooks`, `settings`, `pipeline_registry`: what ties them together.
"""

__version__ = "0.1.0"
