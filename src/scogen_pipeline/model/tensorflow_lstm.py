"""An LSTM that is fast on a CPU, for TensorFlow.

Keras computes an LSTM on a CPU step by step, input product and weight gradients included. Here the products that need no
recurrence are done for all steps at once: 1.2 (2x320) to 1.5 times (2x384) the tokens per second on 2 cores; see
`benchmarks/training_speed.py`. XLA is no alternative: it was three times slower than the plain graph.
The layer computes what `keras.layers.LSTM` computes and has its weights, so a trained network is saved with the plain layer.

**Conventions.** Time-major arrays in here: (time, batch, units). Gates in Keras' order: input, forget, candidate, output.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


class CpuLSTM(keras.layers.LSTM):  # type: ignore[misc]  # Keras has no types
    """`keras.layers.LSTM`, faster on a CPU; no mask, returns sequences."""

    def inner_loop(  # the signature is Keras'
        self,
        sequences: Any,
        initial_state: Any,
        mask: Any,  # noqa: ARG002
        training: bool = False,  # noqa: ARG002
    ) -> tuple[Any, Any, list[Any]]:
        """Return the last output, all outputs (batch, time, units) and the last states."""
        x = tf.transpose(sequences, [1, 0, 2])
        hidden, cell = _lstm(x, *initial_state, *(tf.convert_to_tensor(weight) for weight in self.cell.weights))
        return hidden[-1], tf.transpose(hidden, [1, 0, 2]), [hidden[-1], cell[-1]]


@tf.custom_gradient  # type: ignore[untyped-decorator]  # TensorFlow has no types
def _lstm(x: Any, hidden_before: Any, cell_before: Any, kernel: Any, recurrent_kernel: Any, bias: Any) -> Any:
    n_steps, units = tf.shape(x)[0], recurrent_kernel.shape[0]
    rows = tf.reshape(x, [-1, x.shape[2]])
    # tanh(z) is 2 sigmoid(2 z) - 1: with the candidate's columns doubled, one sigmoid does for all gates.
    doubled = tf.concat([tf.ones(2 * units, x.dtype), tf.fill([units], tf.constant(2, x.dtype)), tf.ones(units, x.dtype)], 0)
    projected = tf.reshape(tf.matmul(rows, kernel * doubled) + bias * doubled, [n_steps, -1, 4 * units])
    hidden, cell, gates = _forward_loop(projected, hidden_before, cell_before, recurrent_kernel * doubled)

    def gradient(d_hidden: Any, _d_cell: Any) -> tuple[Any, ...]:
        cells = tf.concat([cell_before[None], cell], 0)
        d_hidden_before, d_cell_before, d_gates = _backward_loop(d_hidden, cells, gates, recurrent_kernel)
        d_gates = tf.reshape(d_gates, [-1, 4 * units])
        earlier = tf.reshape(tf.concat([hidden_before[None], hidden[:-1]], 0), [-1, units])
        return (
            tf.reshape(tf.matmul(d_gates, kernel, transpose_b=True), tf.shape(x)),
            d_hidden_before,
            d_cell_before,
            tf.matmul(rows, d_gates, transpose_a=True),
            tf.matmul(earlier, d_gates, transpose_a=True),
            tf.reduce_sum(d_gates, 0),
        )

    return (hidden, cell), gradient


def _forward_loop(projected: Any, hidden: Any, cell: Any, recurrent_kernel: Any) -> tuple[Any, Any, Any]:
    """Return outputs and cell states (time, batch, units), and the sigmoids of the gates (time, batch, 4 * units).

    The columns of the candidate are doubled.
    """
    n_steps = tf.shape(projected)[0]

    def body(step: Any, hidden: Any, cell: Any, *logs: Any) -> tuple[Any, ...]:
        gates = tf.sigmoid(projected[step] + tf.matmul(hidden, recurrent_kernel))
        i, f, g, o = tf.split(gates, 4, axis=1)
        cell = f * cell + i * (2 * g - 1)
        hidden = o * tf.tanh(cell)
        values = (hidden, cell, gates)
        return (step + 1, hidden, cell, *(log.write(step, value) for log, value in zip(logs, values, strict=True)))

    logs = [tf.TensorArray(projected.dtype, size=n_steps) for _ in range(3)]
    _, _, _, *logs = tf.while_loop(lambda step, *_: step < n_steps, body, (0, hidden, cell, *logs))
    outputs, cells, gates = (log.stack() for log in logs)
    return outputs, cells, gates


def _backward_loop(d_hidden: Any, cells: Any, gates: Any, recurrent_kernel: Any) -> tuple[Any, Any, Any]:
    """Return the gradients of the state before all steps and of the gates before activation, (time, batch, 4 * units).

    `cells` has one step more than the others, the state before the first.
    """
    n_steps, zero = tf.shape(gates)[0], tf.zeros_like(cells[0])

    def body(step: Any, d_next: Any, d_cell: Any, log: Any) -> tuple[Any, ...]:
        i, f, g, o = tf.split(gates[step], 4, axis=1)
        slopes = gates[step] - gates[step] * gates[step]
        d_output, squashed = d_hidden[step] + d_next, tf.tanh(cells[step + 1])
        d_cell += d_output * o * (1 - squashed * squashed)
        d_gates = tf.concat([d_cell * (2 * g - 1), d_cell * cells[step], 4 * d_cell * i, d_output * squashed], 1) * slopes
        return step - 1, tf.matmul(d_gates, recurrent_kernel, transpose_b=True), d_cell * f, log.write(step, d_gates)

    log = tf.TensorArray(gates.dtype, size=n_steps)
    _, d_hidden_before, d_cell_before, log = tf.while_loop(lambda step, *_: step >= 0, body, (n_steps - 1, zero, zero, log))
    return d_hidden_before, d_cell_before, log.stack()
