"""What the README says is so: each command is run here, or is checked here and named with the test that runs it."""

from __future__ import annotations

import dataclasses
import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from scogen_pipeline.cli import run
from scogen_pipeline.music.genres import GENRES
from scogen_pipeline.music.instruments import INSTRUMENTS
from scogen_pipeline.notation.page import PageSettings
from scogen_pipeline.sampling.request import Request

REPOSITORY = Path(__file__).parents[1]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) for line in block.strip().split("\n")]

#: Commands that are not run here, and why not.
RUN_ELSEWHERE = {
    "make run": "it is `kedro run` after an installation: tests/test_smoke.py",
    "make test": "it runs this test",
    ". .venv/bin/activate": "a shell's own; the tests run in what it activates",
    "kedro run --pipeline train": "minutes: tests/test_smoke.py trains on less",
    "kedro run --pipeline generate --params key=F,model=local": "needs the model of the command above: tests/test_smoke.py",
    "kedro run --pipeline train --params midi_dir=my_midi,model=mine,epochs=40,batch_size=32": "minutes: test_smoke.py",
    "kedro run --pipeline train --params midi_dir=my_midi,model=mine,start_from=pretrained,epochs=4,learning_rate=0.0005": (
        "minutes: tests/model/test_fitting.py goes on from a model"
    ),
    "kedro run --pipeline search --params trials=20,search_minutes=30": "half an hour: tests/pipelines/test_search.py",
    "kedro run --pipeline promote": "needs a trained model: tests/datasets/test_model_registry.py",
    "kedro run --pipeline adopt --params version=3": "needs three of them: tests/datasets/test_model_registry.py",
    "kedro run --pipeline data --params midi_dir=my_midi.zip": "test_smoke.py runs the pipeline, test_ingest.py reads archives",
    "kedro run --pipeline fetch": "it lists and ends with 1: tests/pipelines/test_fetch.py",
    "kedro run --pipeline fetch --params source=maestro": "the internet: tests/pipelines/test_fetch.py has a server of its own",
    "mlflow ui --backend-store-uri sqlite:///mlflow.db": "a server; its options are checked below",
    "kedro viz run": "a server; tests/test_smoke.py draws the graph",
}
GENERATE = [command for command in COMMANDS if command.startswith("kedro run") and command not in RUN_ELSEWHERE]


def options_of(command: str) -> tuple[str, dict[str, Any]]:
    """Pipeline and parameters of a `kedro run`, read as Kedro reads them."""
    options = run.make_context("run", shlex.split(command)[2:]).params
    return options["pipeline"] or "__default__", dict(options["params"])


def test_each_command_is_run_here_or_is_on_the_list() -> None:
    assert len(GENERATE) > 3
    assert set(COMMANDS) == set(GENERATE) | set(RUN_ELSEWHERE)


def documented_runs() -> list[str]:
    """Each `kedro run` in a block of code of the README and of docs/, without the comment behind it."""
    texts = [README, *(file.read_text(encoding="utf-8") for file in sorted((REPOSITORY / "docs").glob("*.md")))]
    blocks = "\n".join(block for text in texts for block in re.findall(r"```(?:sh)?\n(.*?)```", text, re.DOTALL))
    return sorted({line.partition("  #")[0].strip() for line in blocks.split("\n") if line.startswith("kedro run")})


@pytest.mark.parametrize("command", documented_runs())
def test_each_run_names_a_pipeline_and_parameters_that_pass_the_checks(command: str) -> None:
    bootstrap_project(REPOSITORY)
    name, parameters = options_of(command)
    assert name in pipelines
    with KedroSession.create(REPOSITORY, runtime_params=parameters) as session:
        # Kedro builds the dataclasses here; the hook compares the names.
        assert session.load_context().params


@pytest.mark.xdist_group("kedro")
@pytest.mark.parametrize("command", GENERATE)
def test_a_command_of_the_readme_writes_a_page(
    command: str, kedro: Callable[..., subprocess.CompletedProcess[str]], small_midi: Callable[..., bytes], tmp_path: Path
) -> None:
    name, parameters = options_of(command)
    parameters["output_dir"] = str(tmp_path / "pages")
    if "primer" in parameters:
        parameters["primer"] = str(tmp_path / "my_tune.mid")
        Path(parameters["primer"]).write_bytes(small_midi())
    done = kedro("run", "--pipeline", name, "--params", ",".join(f"{key}={value}" for key, value in parameters.items()))
    assert done.returncode == 0, done.stderr
    for suffix in ("pdf", "png", "svg", "musicxml", "mid", "wav", "mp3"):
        pages = list((tmp_path / "pages").glob(f"*.{suffix}"))
        assert len(pages) >= int(parameters.get("n", 1)), suffix


def test_the_tracking_server_takes_the_options_of_the_readme() -> None:
    from mlflow.cli import cli  # noqa: PLC0415  (seconds that only this test needs)

    (command,) = (line for line in COMMANDS if line.startswith("mlflow"))
    _, name, *options = shlex.split(command)
    server = cli.get_command(click.Context(cli), name)
    assert server
    context = server.make_context(name, options)
    assert context.params["backend_store_uri"] == "sqlite:///mlflow.db"


def test_the_server_shows_the_store_that_runs_are_recorded_in() -> None:
    assert "mlflow_tracking_uri: sqlite:///mlflow.db\n" in (REPOSITORY / "conf" / "base" / "mlflow.yml").read_text(
        encoding="utf-8"
    )


def test_the_table_of_parameters_is_complete_and_gives_the_defaults() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| .* \| (.*?) \|$", README, re.MULTILINE))
    fields = [*dataclasses.fields(Request), *dataclasses.fields(PageSettings)]
    assert set(rows) == {field.name for field in fields} | {"primer", "model", "output_dir", "candidates"}
    for field in fields:
        is_open = field.default in ("", 0) and field.name != "top_k"
        assert is_open or rows[field.name].strip("`") == str(field.default), field.name


@pytest.mark.parametrize(("label", "names"), [("Genres", GENRES), ("Instruments", INSTRUMENTS)])
def test_the_lists_of_names_are_complete(label: str, names: dict[str, object]) -> None:
    (text,) = re.findall(rf"\*\*{label}:\*\* (.*?)\.\n", README, re.DOTALL)
    assert sorted(re.split(r"[,;]\s+", text.replace("\n", " "))) == sorted(names)


def test_each_folder_that_it_names_exists() -> None:
    for folder in re.findall(r"^\| `((?:data|conf)[\w/]*)` \|", README, re.MULTILINE):
        assert (REPOSITORY / folder).is_dir(), folder
