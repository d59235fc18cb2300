"""The corpus pipeline: plan, convert, collect."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from scogen_pipeline.pipelines.corpus.nodes import collect_labels, collect_rejects, convert_scores, plan_corpus


def create_pipeline(**_: object) -> Pipeline:
    """Build the corpus pipeline.

    `corpus_parts_finished` and `corpus_parts` are one folder: what earlier runs have done is read, what is missing is written.
    """
    return Pipeline(
        [
            Node(plan_corpus, ["score_library", "params:corpus"], "corpus_plan", name="plan_corpus"),
            Node(
                convert_scores, ["corpus_plan", "corpus_parts_finished", "params:corpus"], "corpus_parts", name="convert_scores"
            ),
            Node(collect_labels, ["corpus_plan", "corpus_parts", "params:corpus"], "labels", name="collect_labels"),
            Node(collect_rejects, ["corpus_plan", "corpus_parts", "params:corpus"], "corpus_rejects", name="collect_rejects"),
        ]
    )
