"""What cuts across all pipelines: checking what was typed, locking what is written, saying where a run is, and tracking runs.

MLflow's database takes seconds to open, and a page needs none of it; so tracking begins only with a pipeline that saves something
to it.
"""

from __future__ import annotations

import atexit
import dataclasses
import logging
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kedro.framework.hooks import hook_impl

from scogen_pipeline.errors import RequestError, did_you_mean
from scogen_pipeline.model.cluster import place_in_cluster

if TYPE_CHECKING:
    from kedro.framework.context import KedroContext
    from kedro.io import DataCatalog
    from kedro.pipeline import Pipeline
    from kedro.pipeline.node import Node
    from kedro_mlflow.framework.hooks.mlflow_hook import MlflowHook

    from scogen_pipeline.datasets.run_lock import RunLock

logger = logging.getLogger(__name__)

_RUNTIME_PARAMETER: Final = re.compile(r"\$\{runtime_params:\s*(\w+)")
#: Pipelines with a node of this tag are tracked.
TRACKED_TAG: Final = "tracked"


class ParameterNameHook:
    """Refuses `--params` that nothing reads: a misspelt name would otherwise be ignored in silence."""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Compare the names that were typed with those that the configuration reads."""
        conf_source = Path(context.config_loader.conf_source)
        known = {
            name
            for file in sorted(conf_source.glob("*/*.yml"))
            for name in _RUNTIME_PARAMETER.findall(file.read_text(encoding="utf-8"))
        }
        for name in context.config_loader.runtime_params or {}:
            if name not in known:
                raise RequestError(
                    f"`--params` must be among {', '.join(sorted(known))}, received `{name}`.{did_you_mean(str(name), known)}"
                )


class OutputLockHook:
    """Lets one run at a time write to an output; the second is told who is writing there.

    Locked is the `locked_folder` of each output that has one, and of each input that has one and says `is_locked_as_input`: an
    input may be a place that a node writes through. What is needed to reach the folder is in its `storage_options`, if anything.
    """

    def __init__(self) -> None:
        self._locks: list[RunLock] = []

    @hook_impl(tryfirst=True)
    def before_pipeline_run(self, pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Lock, before anything else is begun."""
        self._release()
        datasets = list(_locked_datasets(pipeline, catalog))
        if not datasets or not place_in_cluster(os.environ).is_chief:
            return
        from scogen_pipeline.datasets.run_lock import run_lock  # noqa: PLC0415 - a run that locks nothing does not pay

        atexit.register(self._release)  # Kedro has no hook for Ctrl-C
        try:
            for folder, options in sorted(
                {dataset.locked_folder: getattr(dataset, "storage_options", None) for dataset in datasets}.items()
            ):
                lock = run_lock(folder, options)
                lock.acquire()
                self._locks.append(lock)
        except BaseException:
            self._release()
            raise

    @hook_impl
    def before_node_run(self) -> None:
        """Stop if a lock was lost."""
        for lock in self._locks:
            lock.check()

    @hook_impl(trylast=True)
    def after_pipeline_run(self) -> None:
        """Unlock."""
        self._release()

    @hook_impl(trylast=True)
    def on_pipeline_error(self) -> None:
        """Unlock."""
        self._release()

    def _release(self) -> None:
        atexit.unregister(self._release)
        while self._locks:
            self._locks.pop().release()


def _locked_datasets(pipeline: Pipeline, catalog: DataCatalog) -> Iterator[Any]:
    for name in sorted(pipeline.datasets()):
        dataset: Any = catalog.get(name)
        # A cache around a dataset hides its attributes.
        while dataset is not None and not hasattr(dataset, "locked_folder"):
            dataset = getattr(dataset, "_dataset", None)
        if dataset is not None and (name in pipeline.all_outputs() or getattr(dataset, "is_locked_as_input", False)):
            yield dataset


class StepHook:
    """Says which step is running: one short line a node."""

    def __init__(self) -> None:
        self._n_steps = self._n_begun = 0

    @hook_impl
    def before_pipeline_run(self, pipeline: Pipeline) -> None:
        """Count the steps."""
        self._n_steps, self._n_begun = len(pipeline.nodes), 0

    @hook_impl
    def before_node_run(self, node: Node) -> None:
        """Name the step."""
        self._n_begun += 1
        logger.info("[%*d/%d] %s", len(str(self._n_steps)), self._n_begun, self._n_steps, node.name)


class FollowerHook:
    """Keeps a host that helps another one to train from writing: what comes of the run stays in its memory.

    `TF_CONFIG` says which host this is, see docs/devices.md; without it nothing happens.
    """

    @hook_impl(tryfirst=True)
    def before_pipeline_run(self, pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Put memory in the place of every output."""
        if place_in_cluster(os.environ).is_chief:
            return
        from kedro.io import MemoryDataset  # noqa: PLC0415

        for name in pipeline.all_outputs():
            catalog[name] = MemoryDataset(copy_mode="assign")


class TrackingHook:
    """Opens an MLflow run around the pipelines that are tracked; each field of a parameter group is a parameter of the run."""

    def __init__(self) -> None:
        self._context: KedroContext | None = None
        self._mlflow: MlflowHook | None = None

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Keep the context until it is known whether the run is tracked."""
        self._context, self._mlflow = context, None

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Open a run, if the pipeline is tracked."""
        if not _is_tracked(pipeline) or not place_in_cluster(os.environ).is_chief:
            return
        from kedro_mlflow.framework.hooks.mlflow_hook import MlflowHook  # noqa: PLC0415  (see above)

        self._mlflow = MlflowHook()
        self._mlflow.after_context_created(self._context)
        self._mlflow.before_pipeline_run(run_params, pipeline, catalog)

    @hook_impl
    def before_node_run(self, node: Node, catalog: DataCatalog, inputs: dict[str, Any], is_async: bool) -> None:
        """Log the parameters that the node reads."""
        if self._mlflow:
            flat = {name: _as_mapping(value) for name, value in inputs.items() if name.startswith("params:")}
            self._mlflow.before_node_run(node, catalog, flat, is_async)

    @hook_impl
    def after_pipeline_run(self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Close the run."""
        if self._mlflow:
            self._mlflow.after_pipeline_run(run_params, pipeline, catalog)

    @hook_impl
    def on_pipeline_error(self, error: Exception, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Close the run as failed."""
        if self._mlflow:
            self._mlflow.on_pipeline_error(error, run_params, pipeline, catalog)


def _is_tracked(pipeline: Pipeline) -> bool:
    return any(TRACKED_TAG in node.tags for node in pipeline.nodes)


def _as_mapping(value: Any) -> Any:
    return dataclasses.asdict(value) if dataclasses.is_dataclass(value) and not isinstance(value, type) else value
