"""Nodes of the fetch pipeline."""

from __future__ import annotations

import logging
from typing import Any

from scogen_pipeline.datasets.raw_sources import RawSources
from scogen_pipeline.sources.public_sources import (
    FetchSettings,
    choose_source,
    licence_text,
    next_step,
    read_sources,
    sources_text,
)

logger = logging.getLogger(__name__)


def fetch_source(public_sources: dict[str, dict[str, Any]], raw_sources: RawSources, settings: FetchSettings) -> None:
    """Show the licence of a collection, download what is missing of it, and say which command reads it.

    Raises:
        RequestError: If there is no such collection. Without a name, the table of all is shown first.
    """
    sources = read_sources(public_sources)
    if not settings.source:  # logged and not part of the error, which Kedro prints twice
        logger.info("%s", sources_text(sources))
    source = choose_source(sources, settings.source)
    logger.info("%s", licence_text(source))
    fetched = raw_sources.fetch(source, settings)
    if not fetched.is_new:
        logger.info("%s is complete, nothing was downloaded. To fetch it anew, remove the folder.", fetched.folder)
    for name in fetched.unpublished:
        logger.info("No checksum is published for %s; that of this download is in fetched.json and is checked from now on.", name)
    logger.info("%s", next_step(source, str(fetched.folder)))
