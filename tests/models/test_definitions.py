"""What a search and a reader need of every neuron: bounds, meanings, an input, a potential and a source."""

import pytest

from bioplast.definition import Neuron
from bioplast.definition.find import models

NEURONS = {name: model for name, model in models().items() if isinstance(model, Neuron)}


@pytest.mark.parametrize("name", NEURONS)
def test_a_neuron_can_be_searched_and_looked_up(name):
    neuron = NEURONS[name]
    assert neuron.input == "I"
    assert "v" in neuron.state_variables
    assert set(neuron.differential) <= set(neuron.initial)
    assert "doi:" in neuron.source
    for parameter in neuron.parameters.values():
        assert parameter.meaning
        if parameter.low is not None:
            assert parameter.low <= parameter.value <= parameter.high


@pytest.mark.parametrize("name", NEURONS)
def test_every_parameter_of_the_dynamics_has_bounds(name):
    # Without them are only where a spike is cut off or counted, which are shared, and the curvature of Izhikevich's v'.
    free = {key for key, p in NEURONS[name].parameters.items() if p.low is None and not p.shared}
    assert free <= ({"quadratic"} if name == "izhikevich-2004" else set())
