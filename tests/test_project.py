"""Promises that the project makes about itself: nodes, parameters, entries, source, dependencies, diagram."""

from __future__ import annotations

import ast
import dataclasses
import re
import subprocess
import tomllib
import typing
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
import yaml
from kedro.framework.project import pipelines
from kedro.framework.startup import bootstrap_project
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

import scogen_pipeline
from scogen_pipeline import errors
from scogen_pipeline.settings import DISABLE_HOOKS_FOR_PLUGINS

REPOSITORY = Path(__file__).parents[1]
SOURCE = REPOSITORY / "src" / "scogen_pipeline"
CONF = REPOSITORY / "conf"
ENVIRONMENTS = ("smoke", "pretrained", "cluster")
SUMS = {"__default__", "data", "generate", "train"}


@cache
def registered() -> dict[str, Pipeline]:
    bootstrap_project(REPOSITORY)
    return dict(pipelines)


def all_nodes() -> list[Node]:
    """Each node of each pipeline, once; no sum of them all, since `promote` and `adopt` both move the champion."""
    return sorted({node for pipeline in registered().values() for node in pipeline.nodes})


def base_files(kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    files = sorted((CONF / "base").glob(f"{kind}*.yml"))
    assert files
    return ((file.name, yaml.safe_load(file.read_text(encoding="utf-8"))) for file in files)


def parameter_groups() -> dict[str, dict[str, Any]]:
    return {group: leaves for _, content in base_files("parameters") for group, leaves in content.items()}


def catalog_names() -> set[str]:
    return {name for _, content in base_files("catalog") for name in content if not name.startswith("_")}


def typed_parameters() -> Iterator[tuple[str, type]]:
    """Each `params:` input of each node, and what the node declares it to be."""
    for node in all_nodes():
        hints = typing.get_type_hints(node.func)
        for dataset, argument in zip(node.inputs, node.func.__code__.co_varnames, strict=False):
            if dataset.startswith("params:"):
                yield dataset.removeprefix("params:"), hints[argument]


def source_trees() -> Iterator[tuple[Path, ast.Module]]:
    return ((file, ast.parse(file.read_text(encoding="utf-8"))) for file in sorted(SOURCE.rglob("*.py")))


# Pipelines and nodes


def test_each_folder_of_pipelines_is_registered_and_so_are_the_sums() -> None:
    folders = {folder.name for folder in (SOURCE / "pipelines").iterdir() if (folder / "pipeline.py").exists()}
    assert set(registered()) == folders | SUMS


def test_each_node_is_documented_and_named_like_its_function() -> None:
    for node in all_nodes():
        assert node.func.__doc__, node.name
        assert node.name.rpartition(".")[2] == node.func.__name__


def test_type_hints_of_each_node_resolve_so_that_kedro_can_build_its_parameters() -> None:
    for node in all_nodes():
        assert typing.get_type_hints(node.func)


def test_each_dataset_that_a_pipeline_takes_is_an_entry() -> None:
    for name, pipeline in registered().items():
        taken = {dataset for dataset in pipeline.inputs() if not dataset.startswith("params:")}
        assert taken <= catalog_names(), name


def test_each_catalog_entry_is_used() -> None:
    used = {name for pipeline in registered().values() for name in pipeline.datasets()}
    assert catalog_names() <= used


def test_the_plugin_that_the_tracking_hook_starts_is_not_started_twice() -> None:
    (distribution,) = set(packages_distributions()["kedro_mlflow"])
    assert distribution in DISABLE_HOOKS_FOR_PLUGINS


# Parameters and configuration


def test_each_file_of_parameters_has_one_group() -> None:
    for name, content in base_files("parameters"):
        assert len(content) == 1, name


def test_each_leaf_is_reached_by_a_runtime_parameter_of_its_name() -> None:
    groups = parameter_groups()
    # It repeats fields of `request` with fixed values, so that samples of different runs can be compared.
    del groups["sample_request"]
    for leaves in groups.values():
        for leaf, value in leaves.items():
            assert re.match(rf"\$\{{runtime_params:\s*{leaf},", str(value)), leaf


def test_each_leaf_is_a_field_of_the_dataclass_that_reads_it() -> None:
    read = dict(typed_parameters())
    groups = parameter_groups()
    assert set(read) == set(groups)
    for group, kind in read.items():
        fields = {field.name for field in dataclasses.fields(kind)}
        assert set(groups[group]) <= fields, group
        assert group == "sample_request" or set(groups[group]) == fields, group


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_environment_only_overrides_what_there_is(environment: str) -> None:
    files = list((CONF / environment).glob("*.yml"))
    assert files
    for file in files:
        base = yaml.safe_load((CONF / "base" / file.name).read_text(encoding="utf-8"))
        for key, value in yaml.safe_load(file.read_text(encoding="utf-8")).items():
            assert key in base, f"{file}: {key}"
            if isinstance(value, dict) and "type" not in value and file.name != "mlflow.yml":
                assert set(value) <= set(base[key]), f"{file}: {key}"


def test_the_readme_of_the_configuration_has_a_line_for_each_environment() -> None:
    tracked = subprocess.run(["git", "ls-files", "conf"], cwd=REPOSITORY, capture_output=True, text=True, check=True)  # noqa: S607
    folders = {Path(file).parts[1] for file in tracked.stdout.split() if len(Path(file).parts) > 2}
    rows = re.findall(r"^\| `(\w+)/`", (CONF / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(rows) == folders == {"base", "local", *ENVIRONMENTS}


# Source


def test_source_neither_pickles_nor_evaluates() -> None:
    for file, tree in source_trees():
        for found in ast.walk(tree):
            if isinstance(found, ast.Import | ast.ImportFrom):
                names = {alias.name for alias in found.names} | {getattr(found, "module", None)}
                assert not names & {"pickle", "shelve", "marshal", "dill", "joblib", "cloudpickle"}, file
            if isinstance(found, ast.Call) and isinstance(found.func, ast.Name):
                assert found.func.id not in {"eval", "exec"}, file
            if isinstance(found, ast.keyword) and found.arg == "allow_pickle":
                assert ast.unparse(found.value) == "False", file


def test_every_error_of_the_tree_is_drawn_in_its_docstring() -> None:
    for error in errors.ScogenError.__subclasses__():
        assert error.__name__ in (errors.__doc__ or "")


def test_telemetry_is_off() -> None:
    assert yaml.safe_load((REPOSITORY / ".telemetry").read_text(encoding="utf-8")) == {"consent": False}


def test_continuous_integration_runs_what_everybody_runs() -> None:
    assert "exec make test" in (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8")
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    assert "test: lint types imports tests" in makefile


def test_the_changelog_names_the_version() -> None:
    assert f"## {scogen_pipeline.__version__} " in (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")


# Dependencies


def dependencies() -> dict[str, set[str]]:
    """Names that pyproject.toml asks for, by extra; "" for those that are always installed."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = {"": project["dependencies"], **project["optional-dependencies"]}
    return {extra: {re.split(r"[^\w-]", name)[0] for name in names} for extra, names in groups.items()}


def test_each_dependency_has_a_reason() -> None:
    text = (REPOSITORY / "docs" / "dependencies.md").read_text(encoding="utf-8")
    always = set(re.findall(r"^\| `([\w-]+)` \| \w", text, re.MULTILINE))
    extras: dict[str, set[str]] = {}
    for extra, name in re.findall(r"^\| `(\w+)` \| `([\w-]+)` \| \w", text, re.MULTILINE):
        extras.setdefault(extra, set()).add(name)
    assert {"": always, **extras} == dependencies()


def test_each_package_that_is_imported_is_asked_for() -> None:
    modules = set()
    for _, tree in source_trees():
        for found in ast.walk(tree):
            if isinstance(found, ast.Import):
                modules |= {alias.name.partition(".")[0] for alias in found.names}
            elif isinstance(found, ast.ImportFrom) and found.module and not found.level:
                modules.add(found.module.partition(".")[0])
    wheels = packages_distributions()
    asked = {name.casefold().replace("_", "-") for name in dependencies()[""] | dependencies()["cluster"]}
    for module in modules & set(wheels) - {"scogen_pipeline"}:
        assert {wheel.casefold().replace("_", "-") for wheel in wheels[module]} & asked, module


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_the_lock_pins_everything_and_names_no_place(lock: str) -> None:
    lines = (REPOSITORY / lock).read_text(encoding="utf-8").split("\n")
    assert all(re.match(r"[\w.-]+==[\w.]+( ; .+)?$", line) for line in lines if line)
    names = {line.partition("==")[0].replace("_", "-") for line in lines}
    assert dependencies()[""] <= names
    assert not names & {"torch", "jax", "pyaudio"}


# The diagram


def diagram() -> list[tuple[str, str, str]]:
    """Arrows of docs/architecture.md: from, line, to."""
    text = (REPOSITORY / "docs" / "architecture.md").read_text(encoding="utf-8")
    (drawing,) = re.findall(r"```mermaid\n(.*?)```", text, re.DOTALL)
    plain = re.sub(r"\[\(.*?\)\]", "", drawing)
    return re.findall(r"^ +(\w+) (-->|-\.->)(?:\|.*?\|)? (\w+)$", plain, re.MULTILINE)


def test_each_arrow_of_the_diagram_is_an_input_or_an_output() -> None:
    arrows = diagram()
    single = {name: pipeline for name, pipeline in registered().items() if name not in SUMS}
    assert {end for start, _, to in arrows for end in (start, to)} & set(registered()) == set(single)
    for start, line, to in arrows:
        if line == "-.->":
            assert {start, to} <= catalog_names()
        elif start in single:
            assert to in single[start].all_outputs(), f"{start} --> {to}"
        else:
            assert start in single[to].all_inputs(), f"{start} --> {to}"


def test_each_layer_of_the_table_exists() -> None:
    text = (REPOSITORY / "docs" / "architecture.md").read_text(encoding="utf-8")
    names = re.findall(r"`(\w+(?:/|\.py))`", text.partition("## Layers")[2].partition("A node is")[0])
    assert names
    for name in names:
        assert (SOURCE / name).exists(), name


def test_each_link_between_documents_leads_somewhere() -> None:
    for file in (REPOSITORY / "README.md", REPOSITORY / "conf" / "README.md", *(REPOSITORY / "docs").rglob("*.md")):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", file.read_text(encoding="utf-8")):
            assert (file.parent / target).exists(), f"{file.name}: {target}"
