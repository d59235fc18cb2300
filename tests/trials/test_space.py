"""A space says what is tried; what no network can have is refused before anything is trained."""

from __future__ import annotations

from typing import Any

import pytest

from scogen_pipeline.errors import RequestError
from scogen_pipeline.model.settings import FitSettings, NetworkSettings
from scogen_pipeline.trials.plan import AblationPlan, AblationSettings, SearchPlan, SearchSettings
from scogen_pipeline.trials.recipe import Recipe
from scogen_pipeline.trials.space import Space

RECIPE = Recipe(NetworkSettings(lstm_units=64), FitSettings(learning_rate=0.003))
UNITS = {"kind": "int", "low": 32, "high": 128, "step": 32}


@pytest.mark.parametrize(
    ("table", "answer"),
    [
        ({"lstm_unit": UNITS}, "Did you mean `lstm_units`?"),
        ({"epochs": UNITS}, "`trial_epochs`"),
        ({"genre_repeats": UNITS}, "read once"),
        ({"lstm_units": {"kind": "integer"}}, "must be int, float or choice, received 'integer'"),
        ({"lstm_units": UNITS | {"hihg": 3}}, "Did you mean `high`?"),
        ({"lstm_units": {"low": 1, "high": 2}}, "must be a table with `kind`"),
        ({"lstm_units": {"kind": "int", "low": 64, "high": 32}}, "`low` must be below `high`"),
        ({"lstm_units": {"kind": "int", "low": 64, "high": 128.5}}, "whole numbers, received 128.5"),
        ({"lstm_units": UNITS | {"high": 100}}, "`step` must lead from"),
        ({"lstm_units": UNITS | {"log": True}}, "without `log`"),
        ({"dropout": {"kind": "float", "low": 0.0, "high": 0.5, "log": True}}, "above 0 where `log`"),
        ({"dropout": {"kind": "choice", "choices": []}}, "at least one"),
        ({"dropout": {"kind": "choice", "choices": 0.5}}, "must be a list"),
        ({"dropout": {"kind": "choice", "choices": [0.1], "low": 0.0}}, "`choices` only"),
        ({"dropout": {"kind": "choice", "choices": [[0.1]]}}, "numbers, words"),
        ({}, "a row a setting"),
    ],
)
def test_a_row_that_cannot_be_understood_is_refused(table: dict[str, Any], answer: str) -> None:
    with pytest.raises(RequestError, match="`search_space`") as error:
        Space.of_table(table)
    assert answer in str(error.value)


@pytest.mark.parametrize(
    ("name", "entry"),
    [
        ("dropout", {"kind": "float", "low": 0.0, "high": 0.95}),
        ("n_layers", {"kind": "int", "low": 0, "high": 2}),
        ("skip_connections", {"kind": "choice", "choices": [True, "yes"]}),
    ],
)
def test_bounds_that_no_network_can_have_are_refused(name: str, entry: dict[str, Any]) -> None:
    with pytest.raises(RequestError, match=f"`search_space`, `{name}`: `{name}` must be"):
        SearchPlan(RECIPE, Space.of_table({name: entry}), SearchSettings())


def test_the_recipe_is_tried_as_far_as_the_space_holds_it() -> None:
    table = {
        "lstm_units": UNITS,
        "learning_rate": {"kind": "float", "low": 0.01, "high": 0.1, "log": True},
        "input_dropout": {"kind": "choice", "choices": [None, 0.1]},
        "n_layers": {"kind": "choice", "choices": [True, 3]},
        "batch_size": {"kind": "int", "low": 16, "high": 64},
    }
    assert Space.of_table(table).values_of(RECIPE) == {"lstm_units": 64, "input_dropout": None, "batch_size": 32}


def test_every_trial_of_a_search_has_the_same_length_and_no_patience() -> None:
    plan = SearchPlan(RECIPE, Space.of_table({"lstm_units": UNITS}), SearchSettings(trial_epochs=7, trial_minutes=2.0))
    assert (plan.recipe.fit.epochs, plan.recipe.fit.patience, plan.recipe.fit.max_minutes) == (7, 7, 2.0)


@pytest.mark.parametrize(("name", "value"), [("trials", 0), ("trial_epochs", 1.5), ("search_minutes", -1)])
def test_search_settings_out_of_range_are_refused(name: str, value: Any) -> None:
    with pytest.raises(RequestError, match=f"`{name}` must be"):
        SearchSettings(**{name: value})


@pytest.mark.parametrize(
    ("variants", "answer"),
    [
        ({"wide": {"lstm_unit": 9}}, "Did you mean `lstm_units`?"),
        ({"wide": {"lstm_units": 1}}, "`ablations`, `wide`: `lstm_units` must be"),
        ({"long": {"max_minutes": 9}}, "the same time"),
        ({}, "a table of name to changes"),
    ],
)
def test_a_variant_that_cannot_be_trained_is_refused(variants: dict[str, Any], answer: str) -> None:
    with pytest.raises(RequestError) as error:
        AblationPlan(RECIPE, variants, AblationSettings())
    assert answer in str(error.value)


def test_the_name_of_a_setting_is_in_one_group() -> None:
    recipe = Recipe(NetworkSettings(), FitSettings())
    groups = recipe.by_group(recipe.named)
    assert not set(groups["network"]) & set(groups["fit"])
    assert set(groups["network"]) | set(groups["fit"]) == set(recipe.named)
