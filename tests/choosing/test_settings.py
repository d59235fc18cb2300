"""Ranges."""

from __future__ import annotations

import pytest

from scogen_pipeline.choosing.settings import ChoosingSettings, CustomSettings
from scogen_pipeline.errors import RequestError


@pytest.mark.parametrize(
    ("name", "value"), [("candidates", -1), ("candidates", 65), ("candidates", 1.5), ("theory", -1), ("structure", "much")]
)
def test_a_value_out_of_range_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(RequestError, match=f"`{name}` must be"):
        ChoosingSettings(**{name: value})  # type: ignore[arg-type]


def test_the_index_keeps_at_least_one_hash_of_64() -> None:
    with pytest.raises(RequestError, match="`index_every` must be a whole number from 1 to 64, received 65"):
        CustomSettings(index_every=65)


def test_a_weight_of_nought_leaves_a_group_out() -> None:
    assert ChoosingSettings(theory=0).weights["theory"] == 0
