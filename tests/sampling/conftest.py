"""What the tests of sampling share."""

from __future__ import annotations

import pytest

from scogen_pipeline.tokens.vocabulary import Vocabulary, fit_vocabulary


@pytest.fixture(scope="session")
def vocabulary() -> Vocabulary:
    return fit_vocabulary()
