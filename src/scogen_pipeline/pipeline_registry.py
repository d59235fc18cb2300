"""The pipelines by name: one for each process, and their sums."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kedro.pipeline import pipeline

from scogen_pipeline.hooks import TRACKED_TAG
from scogen_pipeline.pipelines import (
    ablate,
    adopt,
    benchmark,
    compose,
    corpus,
    describe,
    encode,
    engrave,
    evaluate,
    fetch,
    fit,
    ingest,
    promote,
    reference,
    report,
    search,
    split,
)

if TYPE_CHECKING:
    from kedro.pipeline import Pipeline

#: What the sample of a training run is called in the catalog, by what it is called in `generate`.
_SAMPLE_NAMES = {
    "critic": "sample_critic",
    "candidates": "sample_candidates",
    "composed_pieces": "sample_pieces",
    "originality_receipts": "sample_receipts",
    "score_musicxml": "sample_musicxml",
    "score_svg": "sample_svg",
    "score_png": "sample_png",
    "score_pdf": "sample_pdf",
    "score_midi": "sample_midi",
    "score_wav": "sample_wav",
    "score_mp3": "sample_mp3",
}


def register_pipelines() -> dict[str, Pipeline]:
    """Return every pipeline by its name."""
    # Named here rather than found: Kedro's finder knows no sums, and would look for a package `generate`.
    data_side = (fetch, corpus, ingest, describe, split, report, encode)
    model_side = (fit, reference, search, ablate, promote, adopt, compose, engrave, evaluate, benchmark)
    single = {package.__name__.rpartition(".")[2]: package.create_pipeline() for package in data_side + model_side}
    # What these learn from and judge by is read as `fit` reads it.
    for name in ("search", "ablate", "promote"):
        single[name] = single["fit"].only_nodes("gather_training_data") + single[name]
    for name in ("fit", "evaluate", "report", "search", "ablate", "promote", "adopt"):
        single[name] = pipeline(single[name], tags=[TRACKED_TAG])
    # From a request to the files.
    generate = single["compose"] + single["engrave"]
    # A page and a sound of what was just trained, so that runs can be compared by eye.
    sample = pipeline(
        generate,
        namespace="sample",
        inputs={
            "generation_model": "trained_model",
            "primer": "primer",
            "known_music": "originality_index",
            "known_figures": "usual_figures",
            "known_ear": "ear",
        },
        outputs={name: new for name, new in _SAMPLE_NAMES.items() if name in generate.all_outputs()},
        parameters={
            "params:request": "params:sample_request",
            "params:choosing": "params:choosing",
            "params:page": "params:page",
        },
    )
    # What is known about a collection: its notes, labels, near duplicates and split, and a page on them.
    data = single["corpus"] + single["ingest"] + single["describe"] + single["split"] + single["report"]
    # From the embedded corpus, or a collection of MIDI, to a model and its sample.
    train = data + single["encode"] + single["fit"] + single["reference"] + sample
    return {
        **single,
        "data": data,
        "generate": generate,
        "train": train,
        # Everything: train a model, judge it, and print a piece by the pretrained one.
        "__default__": train + single["evaluate"] + generate,
    }
