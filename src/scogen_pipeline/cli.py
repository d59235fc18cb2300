"""`kedro run`, which answers a request that cannot be met in a line instead of a traceback.

Kedro takes the command from here by the name of this module. An error that scogen raised on purpose says what is allowed, and the
way to it helps nobody; every other error is a bug and keeps its traceback.
"""

from __future__ import annotations

import re
from typing import Any, Final

import click
from kedro.framework.cli.project import run as kedro_run
from kedro.io import DatasetError
from kedro.validation.exceptions import ParameterValidationError

from scogen_pipeline.errors import ScogenError

#: What Kedro puts before the message of a dataclass.
_PREFIX: Final = re.compile(r"Parameter '\w+': Failed to instantiate \w+ for parameter '\w+': ")


class RunCommand(click.Command):
    """Kedro's `run` with short errors."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run; an error on purpose becomes click's, which is printed without a traceback and ends with 1."""
        try:
            return super().invoke(ctx)
        except (ScogenError, ParameterValidationError, DatasetError) as error:
            if not is_on_purpose(error):
                raise
            raise click.ClickException(_PREFIX.sub("", str(error))) from error


def is_on_purpose(error: BaseException) -> bool:
    """Whether the first cause of an error is a message to the user: Kedro wraps what a dataset raises, bugs included."""
    while error.__cause__:
        error = error.__cause__
    return isinstance(error, ScogenError | ParameterValidationError | DatasetError)


run = RunCommand(name="run", params=kedro_run.params, callback=kedro_run.callback, help=kedro_run.help)


@click.group(name="scogen")
def cli() -> None:
    """Replace `kedro run`."""


cli.add_command(run)
