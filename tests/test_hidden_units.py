"""What units look at is what their weights say."""

from dataclasses import replace

import numpy as np
import pytest
from test_effects import frame

from shoal.hidden_units import hidden_units
from shoal.recipe import Recipe
from shoal.table_training import train_table
from shoal.tables import table_from_frame


@pytest.fixture(scope="module")
def model():
    recipe = Recipe(networks=2, hidden_units=3, max_epochs=2)
    return train_table(table_from_frame(frame(200)), "y", recipe=recipe)[0]


@pytest.fixture
def features(model):
    return model.encoder.transform(table_from_frame(frame(300, seed=1)).without(["y"]))


def set_by_hand(model):
    """Return the model with one network of which each unit is known."""
    network = model.ensemble.networks[0]
    W1, b1, W2, _ = network.parameters
    at = {plan.name: model.pieces.of(where)[1] for plan, where in model.encoder.blocks()}
    W1[:], b1[:], W2[:] = 0, 0, 0
    W1[0, at["size"].start] = 2.0  # the number itself: rises with it
    W1[1, at["noise"].start] = -1.0
    W1[2, at["colour"]] = [1.0, 0.0, 0.0]
    b1[2], W2[0] = 100.0, [0.5, -2.0, 0.001]
    return replace(model, ensemble=replace(model.ensemble, networks=(network,)))


def test_units_that_look_at_one_column_say_so(model, features):
    one = set_by_hand(model)
    by_unit = {unit.unit: unit for unit in hidden_units(one, features)}
    for unit, name in ((1, "size"), (2, "noise"), (3, "colour")):
        assert by_unit[unit].columns[name] == pytest.approx(1)
        assert sum(by_unit[unit].columns.values()) == pytest.approx(1)
    assert by_unit[1].directions == {"size": "rising"}
    assert by_unit[2].directions == {"noise": "falling"}
    assert by_unit[3].directions == {}
    assert [by_unit[k].rises for k in (1, 2, 3)] == [True, False, True]


def test_units_are_in_the_order_of_what_they_add(model, features):
    one = set_by_hand(model)
    found = hidden_units(one, features)
    A1 = one.ensemble.networks[0].forward(one.pieces.transform(features).T).A1
    W2 = one.ensemble.networks[0].parameters.W2
    adds = {k + 1: float(np.abs(W2[0, k]) * A1[k].std()) for k in range(3)}
    assert [unit.unit for unit in found] == sorted(adds, key=lambda k: -adds[k])
    for unit in found:
        assert unit.adds == pytest.approx(adds[unit.unit], rel=1e-4)
    active = {unit.unit: unit.active for unit in found}
    assert active[3] == 1
    assert 0.3 < active[1] < 0.7
