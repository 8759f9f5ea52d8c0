"""What is settled about Brian2's integration schemes, so that a seed gives the same run in every process."""

from __future__ import annotations

import re

import numpy as np
from brian2 import Network, NeuronGroup, ms
from brian2.equations.equations import Equations

import bioplast
from bioplast.program.network.integration import remembered_integration

VARIABLES = "abcdfg"


def walkers(names: str) -> Network:
    """Six random walks, each with a white noise of its own of the given name."""
    equations = [f"d{x}/dt = xi_{name}/ms**.5 : 1" for x, name in zip(VARIABLES, names, strict=True)]
    return Network(NeuronGroup(3, "\n".join(equations), method="euler", dt=0.1 * ms, name="walkers"))


def test_noise_is_drawn_in_the_order_of_its_names():
    """For every target: what is read for the others and what numpy runs is the same text."""
    network = walkers("zxvuwy")
    with remembered_integration():
        network.run(0 * ms, namespace={})
    assert re.findall(r"xi_(.) = ", network["walkers"].state_updater.abstract_code) == list("uvwxyz")


def test_the_first_name_gets_the_first_draw_of_numpy():
    final = bioplast.compile(walkers("uvwxyz"), 0.1 * ms, "numpy", namespace={})(seed=3).final
    drawn = np.random.RandomState(3).randn(6, 3) * np.sqrt(0.1)
    np.testing.assert_allclose([final[f"walkers.{x}"] for x in VARIABLES], drawn, rtol=1e-12)


def test_brian2_keeps_the_names_of_noise_without_an_order():
    """If it gives them one, ours is not needed any more."""
    assert type(Equations("\n".join(f"d{x}/dt = xi_{x}/ms**.5 : 1" for x in "ab")).stochastic_variables) is set
