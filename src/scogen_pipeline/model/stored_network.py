"""What a `.keras` file holds, read without Keras.

**References.** Keras' file format: `config.json` and `model.weights.h5` in a zip.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping

import h5py
import numpy as np
import numpy.typing as npt

from scogen_pipeline.errors import DataError

FloatArray = npt.NDArray[np.float32]
#: The weights of a network by the name of their layer.
Weights = Mapping[str, tuple[FloatArray, ...]]


def stored_name(network: bytes) -> str:
    """Return the name of the network in a `.keras` file.

    Raises:
        DataError: If the bytes are no `.keras` file.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(network)) as archive:
            return str(json.loads(archive.read("config.json"))["config"]["name"])
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise DataError(f"`network` must be a `.keras` file: {error}. Train the model again.") from error


def stored_weights(network: bytes) -> dict[str, tuple[FloatArray, ...]]:
    """Return the weights in a `.keras` file by the name of their layer."""
    with zipfile.ZipFile(io.BytesIO(network)) as archive:
        content = io.BytesIO(archive.read("model.weights.h5"))
    weights = {}
    with h5py.File(content, "r") as file:
        for group in file["layers"].values():
            # An LSTM keeps its weights in its cell.
            holder = group["cell/vars"] if "cell" in group else group["vars"]
            if len(holder):
                arrays = tuple(np.asarray(holder[str(index)], dtype=np.float32) for index in range(len(holder)))
                weights[str(group["vars"].attrs["name"])] = arrays
    return weights


def named(weights: Weights, prefix: str) -> list[tuple[str, tuple[FloatArray, ...]]]:
    """Return the layers whose names begin so, with their weights."""
    return [(name, arrays) for name, arrays in weights.items() if name.startswith(prefix)]


def count(weights: Weights, prefix: str) -> int:
    """Return how many layers have names that begin so."""
    return len(named(weights, prefix))
