"""The report pipeline: the tables of a collection -> one page of HTML and MLflow metrics."""

from kedro.pipeline import Pipeline, node

from scogen_pipeline.pipelines.report.nodes import count_midi_collection, summarise_collection, write_data_report


def create_pipeline(**_: object) -> Pipeline:
    """Return the pipeline; its results are `data_report` and `report_numbers`."""
    return Pipeline(
        [
            node(
                count_midi_collection,
                ["midi_tables", "piece_facts", "splits", "split_report", "params:report"],
                "collection_facts",
                name="count_midi_collection",
            ),
            node(write_data_report, "collection_facts", "data_report", name="write_data_report"),
            node(summarise_collection, "collection_facts", "report_numbers", name="summarise_collection"),
        ],
        tags="report",
    )
