"""What a compiled function gives a program: refused by name where it would be misread."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from brian2 import Network, NeuronGroup, PoissonInput, SpikeGeneratorGroup, ms, second

import bioplast
from bioplast.errors import BioplastError, UnknownName


@pytest.fixture(scope="module")
def noisy():
    cells = NeuronGroup(2, "dv/dt = -v/(5*ms) : 1", method="exact", name="cells")
    events = SpikeGeneratorGroup(1, [], [] * ms, name="events")
    noise = PoissonInput(cells, "v", 20, 500 / second, 0.1)
    return bioplast.compile(Network(cells, events, noise), 1 * ms, "jax", namespace={}, dtype="float32")


def test_random_numbers_need_a_seed_while_they_are_traced(noisy):
    start = jnp.zeros(2)
    given = {"network.t": 0 * second}
    with pytest.raises(BioplastError, match="draws random numbers: while JAX traces a run it needs a seed or a key"):
        jax.jit(lambda v: noisy({**given, "cells.v": v}).final["cells.v"])(start)
    with pytest.raises(BioplastError, match="draws random numbers"):
        jax.jit(lambda v: noisy.batch({**given, "cells.v": v}).final["cells.v"])(jnp.zeros((3, 2)))
    keys = jax.random.split(jax.random.key(0), 20)
    found = jax.vmap(lambda key: noisy(seed=key).final["cells.v"])(keys)
    assert len(np.unique(found)) > 20


def test_containers_of_what_is_traced_are_refused(noisy):
    with pytest.raises(BioplastError, match=r"'cells\.v' is a list of what JAX traces: one array is accepted"):
        jax.jit(lambda v: noisy({"cells.v": [v, v]}, seed=1).final["cells.v"])(jnp.zeros(()))
    with pytest.raises(BioplastError, match="'events' is a tuple of what JAX traces"):
        jax.jit(lambda t: noisy(inputs={"events": (t, np.array([0]))}, seed=1).final["cells.v"])(jnp.zeros(1))
    with pytest.raises(BioplastError, match="'events' is a list of what JAX traces"):
        jax.jit(lambda t: noisy.batch(inputs={"events": [(t, [0]), ([], [])]}).final["cells.v"])(jnp.zeros(1))


def test_an_unknown_name_is_told_as_such(noisy):
    with pytest.raises(UnknownName, match=r"unknown value 'cells\.u': did you mean 'cells\.v'"):
        jax.jit(lambda v: noisy({"cells.u": v}, seed=1).final["cells.v"])(jnp.zeros(2))
