"""`kedro run` and `scogen`: errors on purpose are a line, bugs keep their traceback."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner
from kedro.framework.cli.project import run as kedro_run
from kedro.io import DatasetError
from kedro.validation.exceptions import ParameterValidationError

from scogen_pipeline.cli import RunCommand, is_on_purpose, run
from scogen_pipeline.errors import DataError, RequestError


def failing(error: Exception) -> click.Command:
    def fail() -> None:
        raise error

    return RunCommand(name="run", callback=fail)


def wrapped(cause: Exception) -> DatasetError:
    """As Kedro wraps what a dataset raises."""
    error = DatasetError("notes: Failed while loading data")
    error.__cause__ = cause
    return error


def test_it_takes_the_options_of_kedro() -> None:
    assert run.params == kedro_run.params
    assert run.callback is kedro_run.callback


@pytest.mark.parametrize("error", [RequestError("`key` must be"), DataError("empty"), DatasetError("no file")])
def test_an_error_on_purpose_is_printed_as_a_line(error: Exception) -> None:
    done = CliRunner().invoke(failing(error))
    assert done.exit_code == 1
    assert done.output == f"Error: {error}\n"


def test_a_bug_keeps_its_traceback() -> None:
    done = CliRunner().invoke(failing(ValueError("a bug")))
    assert isinstance(done.exception, ValueError)


def test_a_bug_inside_a_dataset_is_no_error_on_purpose() -> None:
    assert is_on_purpose(wrapped(DatasetError("no such folder")))
    assert not is_on_purpose(wrapped(KeyError("pitch")))
    assert isinstance(CliRunner().invoke(failing(wrapped(KeyError("pitch")))).exception, DatasetError)


def test_what_kedro_puts_before_the_message_of_a_dataclass_is_left_out() -> None:
    message = "- Parameter 'request': Failed to instantiate Request for parameter 'request': `bars` must be"
    assert CliRunner().invoke(failing(ParameterValidationError(message))).output == "Error: - `bars` must be\n"
