"""Kedro's project settings: hooks, configuration loading, session."""

import logging
import os

from kedro.config import OmegaConfigLoader

from scogen_pipeline.hooks import FollowerHook, OutputLockHook, ParameterNameHook, StepHook, TrackingHook

# TensorFlow's C++ part knows no logging.yml and reports each thing that a computer without a GPU lacks.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# Warnings are log records too, so that conf/logging.yml says where they go.
logging.captureWarnings(True)

HOOKS = (ParameterNameHook(), FollowerHook(), OutputLockHook(), StepHook(), TrackingHook())
# `TrackingHook` starts it for the pipelines that are tracked.
DISABLE_HOOKS_FOR_PLUGINS = ("kedro_mlflow",)

CONFIG_LOADER_CLASS = OmegaConfigLoader
CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    # An environment overrides a single leaf, not a whole group.
    "merge_strategy": {"parameters": "soft", "mlflow": "soft"},
}
