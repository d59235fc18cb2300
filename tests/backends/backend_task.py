"""Load a model file on one backend, predict, generate and train with it, and write what came of it.

    KERAS_BACKEND=jax python backend_task.py FOLDER

Reads `network.keras`, `case.npz` and `trainings.json` in the folder, writes `<backend>.npz`.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from scogen_pipeline.model.relation import Relation
from scogen_pipeline.model.settings import FitSettings, NetworkSettings
from scogen_pipeline.model.sight import Sight
from scogen_pipeline.model.trainable import TrainableNetwork
from scogen_pipeline.tokens.vocabulary import Vocabulary
from scogen_pipeline.tokens.windows import Batch

N_GENERATED = 12


def batch_of(case: dict[str, np.ndarray], *, carries: bool, step: int) -> Batch:
    """Return the step-th half of the pieces, or of their first rows if state is carried."""
    ids, width = case["ids"], case["features"].shape[1] // 2
    span = slice(step * width, (step + 1) * width)
    targets = ids[:, 1:][:, span]
    weights = (targets != int(case["pad_id"])).astype(np.float32)
    continues = np.full(len(ids), step > 0) if carries else None
    return Batch(
        ids[:, :-1][:, span], case["conditions"], targets, weights, case["features"][:, span], case["dense"][:, span], continues
    )


def generated(network: keras.Model, case: dict[str, np.ndarray]) -> np.ndarray:
    """Go on with the likeliest token, again and again."""
    tokens = case["ids"][:1, :4]
    for _ in range(N_GENERATED):
        n = tokens.shape[1]
        inputs = {"tokens": tokens, "conditions": case["conditions"][:1]}
        inputs |= {name: case[name][:1, :n] for name in ("features", "dense")}
        logits = keras.ops.convert_to_numpy(network(inputs))
        tokens = np.concatenate([tokens, logits[:, -1].argmax(-1).astype(np.int32)[:, None]], axis=1)
    return tokens


def trained(network: keras.Model, case: dict[str, np.ndarray], settings: dict[str, Any]) -> dict[str, np.ndarray]:
    """Take steps from the weights of the file."""
    fit = FitSettings(batch_size=len(case["ids"]), **settings["fit"])
    relations = (Relation(1, case["to_feature"]), Relation("lowest", case["to_dense"]), Relation("highest", case["to_dense"]))
    sight = Sight(tuple(case["feature_sizes"].tolist()), case["dense"].shape[2], case["allowed"], 0, relations)
    vocabulary = Vocabulary(tuple(case["tokens"].tolist()))
    own = TrainableNetwork(NetworkSettings(**settings["network"]), vocabulary, case["conditions"].shape[1], fit, sight)
    own._network.set_weights(network.get_weights())
    batches = [batch_of(case, carries=fit.carry_state, step=step) for step in range(settings["steps"])]
    losses = [own.train(batch, 0.001) for batch in batches]
    losses.append(own.validate(batches[0]))
    return {"losses": np.array(losses)} | {f"weight_{index:02}": weight for index, weight in enumerate(own.weights)}


def main(folder: Path) -> None:
    """Do all of it."""
    case, network = dict(np.load(folder / "case.npz")), keras.saving.load_model(folder / "network.keras", compile=False)
    inputs = {"tokens": case["ids"][:, :-1], **{name: case[name] for name in ("conditions", "features", "dense")}}
    results = {"logits": keras.ops.convert_to_numpy(network(inputs)), "generated": generated(network, case)}
    for name, settings in json.loads((folder / "trainings.json").read_text()).items():
        results |= {f"{name}/{key}": value for key, value in trained(network, case, settings).items()}
    np.savez(folder / f"{keras.backend.backend()}.npz", **results)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
