"""The Keras LSTM, its training, and its NumPy twin for generation."""
