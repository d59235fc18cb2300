"""The ingest pipeline: a collection of MIDI files to Parquet tables."""

from kedro.pipeline import Pipeline, node

from scogen_pipeline.pipelines.ingest.nodes import account_for_files, read_midi_files


def create_pipeline(**_: object) -> Pipeline:
    """Read what is missing on all workers, then commit what was read."""
    return Pipeline(
        [
            node(
                read_midi_files,
                ["midi_source", "labels", "midi_parts", "workers", "params:ingest"],
                "midi_manifest",
                name="read_midi_files",
            ),
            node(account_for_files, ["midi_manifest", "midi_parts"], "midi_tables", name="account_for_files"),
        ],
        tags="ingest",
    )
