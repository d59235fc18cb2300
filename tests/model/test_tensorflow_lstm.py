"""The fast LSTM is Keras' LSTM: same outputs, same gradients, same weights."""

from __future__ import annotations

import keras
import numpy as np
import pytest

if keras.backend.backend() != "tensorflow":
    pytest.skip("only TensorFlow has the fast layer", allow_module_level=True)

import tensorflow as tf

from scogen_pipeline.model.tensorflow_lstm import CpuLSTM


def test_the_fast_layer_has_the_outputs_and_gradients_of_the_keras_layer():
    x = tf.constant(np.random.default_rng(0).normal(size=(3, 11, 5)).astype(np.float32))
    plain, fast = keras.layers.LSTM(7, return_sequences=True), CpuLSTM(7, return_sequences=True)
    plain.build(x.shape)
    fast.build(x.shape)
    weights = [np.random.default_rng(seed).normal(size=w.shape).astype(np.float32) for seed, w in enumerate(plain.get_weights())]
    results = []
    for layer in (plain, fast):
        layer.set_weights(weights)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x)
            loss = tf.reduce_sum(y * tf.sin(tf.range(7.0)) + y * y)
        results.append([y, *tape.gradient(loss, [x, *(variable.value for variable in layer.trainable_variables)])])
    for expected, found in zip(*results, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
