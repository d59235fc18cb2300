"""Settings: refused before any work."""

from __future__ import annotations

import pytest

from scogen_pipeline.errors import RequestError
from scogen_pipeline.model.settings import FitSettings, NetworkSettings


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        (NetworkSettings, "lstm_units", 0),
        (NetworkSettings, "n_layers", 2.5),
        (NetworkSettings, "dropout", 1.0),
        (NetworkSettings, "dropout", "0.2"),
        (NetworkSettings, "n_softmaxes", 0),
        (FitSettings, "epochs", 0),
        (FitSettings, "epochs", True),
        (FitSettings, "learning_rate", -1),
        (FitSettings, "condition_dropout", 1.5),
        (FitSettings, "max_minutes", -1),
    ],
)
def test_a_value_out_of_range_is_refused_with_the_range(kind: type, name: str, value: object):
    with pytest.raises(RequestError, match=rf"`{name}` must be a (whole )?number from .* received {value!r}"):
        kind(**{name: value})


@pytest.mark.parametrize(
    ("kind", "name"), [(NetworkSettings, "tie_weights"), (NetworkSettings, "skip_connections"), (FitSettings, "carry_state")]
)
def test_a_switch_is_true_or_false(kind: type, name: str):
    assert getattr(kind(**{name: True}), name)
    with pytest.raises(RequestError, match=f"`{name}` must be true or false, received 1"):
        kind(**{name: 1})


def test_a_whole_number_serves_where_a_number_is_asked_for():
    assert FitSettings(max_minutes=5, condition_dropout=0).max_minutes == 5
    assert NetworkSettings(dropout=0).dropout == 0


def test_the_learning_rate_rises_then_falls_and_never_vanishes():
    settings = FitSettings(learning_rate=0.01)
    rates = [settings.learning_rate_at(step / 100) for step in range(1, 101)]
    peak = rates.index(max(rates))
    assert rates == sorted(rates[:peak]) + sorted(rates[peak:], reverse=True)
    assert rates[-1] == pytest.approx(0.0002)
