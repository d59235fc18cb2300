"""`scogen` and `python -m scogen_pipeline`: the same as `kedro run`, in the folder of the project."""

from __future__ import annotations

from pathlib import Path

from kedro.framework.startup import bootstrap_project


def main() -> None:
    """Run a pipeline; the options are those of `kedro run`."""
    bootstrap_project(Path.cwd())
    from scogen_pipeline.cli import run  # noqa: PLC0415  (needs a configured project)

    run(prog_name="scogen")


if __name__ == "__main__":
    main()
