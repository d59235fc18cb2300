"""An LSTM for PyTorch that does all steps in one call: oneDNN's on a CPU, cuDNN's on a GPU.

Keras' own goes step by step through Python there. The layer computes what `keras.layers.LSTM` computes and has its weights, so a
trained network is saved with the plain layer.
"""

from __future__ import annotations

from typing import Any

import keras
import torch


class WholeSequenceLSTM(keras.layers.LSTM):  # type: ignore[misc]  # Keras has no types
    """`keras.layers.LSTM` in one call; no mask, returns sequences."""

    def inner_loop(  # the signature is Keras'
        self,
        sequences: Any,
        initial_state: Any,
        mask: Any,  # noqa: ARG002
        training: bool = False,
    ) -> tuple[Any, Any, list[Any]]:
        """Return the last output, all outputs (batch, time, units) and the last states."""
        kernel, recurrent_kernel, bias = (keras.ops.convert_to_tensor(weight) for weight in self.cell.weights)
        # The gates have Keras' order. PyTorch adds a second bias, and has a dimension for layers in its states.
        weights = [kernel.T.contiguous(), recurrent_kernel.T.contiguous(), bias, torch.zeros_like(bias)]
        before = [state.unsqueeze(0).contiguous() for state in initial_state]
        outputs, hidden, cell = torch.lstm(sequences, before, weights, True, 1, 0.0, training, False, True)
        return outputs[:, -1], outputs, [hidden[0], cell[0]]
