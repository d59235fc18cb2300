"""Collected by `make test-backends` only: elsewhere JAX and PyTorch are not installed."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("jax") and find_spec("torch") else ["test_backends.py"]
