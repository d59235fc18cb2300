"""The ingest pipeline: a folder of MIDI to Parquet tables."""

from kedro.pipeline import Pipeline, node

from scogen_pipeline.midi.notes import SCHEMA_BY_TABLE
from scogen_pipeline.pipelines.ingest.nodes import collect_midi_tables, cut_midi_batches, read_midi_batches


def create_pipeline(**_: object) -> Pipeline:
    """Cut the folder into batches, read the missing ones, collect all of them."""
    return Pipeline(
        [
            node(cut_midi_batches, ["midi_files", "labels", "params:ingest"], "midi_batches", name="cut_midi_batches"),
            node(
                read_midi_batches,
                ["midi_batches", "finished_midi_parts", "params:ingest"],
                "midi_parts",
                name="read_midi_batches",
            ),
            node(
                collect_midi_tables,
                ["midi_batches", "midi_parts"],
                {name: name for name in SCHEMA_BY_TABLE},
                name="collect_midi_tables",
            ),
        ],
        tags="ingest",
    )
