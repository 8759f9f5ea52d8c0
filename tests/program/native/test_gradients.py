"""Derivatives of target native: those of target jax, which is another lowering, and of finite differences."""

from __future__ import annotations

import types

import brian2
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from brian2 import Network, NeuronGroup, SpikeMonitor, StateMonitor, Synapses, TimedArray, ms
from support import constructs
from support.constructs.making import generator

import bioplast
from bioplast.errors import BioplastError, Unsupported

pytestmark = pytest.mark.build
DURATION = 10 * ms


@pytest.fixture(autouse=True)
def _double_precision():
    with jax.enable_x64(True):
        yield


def compiled(network, target="native", duration=DURATION, **options):
    return bioplast.compile(network, duration, target, namespace={}, **options)


def measured(out):
    """A number that depends on all that was recorded, each with a weight of its own."""
    total = 0.0
    recorded = {f"{name}.{v}": a for name, s in out.states.items() for v, a in s.items() if v != "t"}
    recorded |= dict(out.rasters) | {name: 1e-3 * rate["rate"] for name, rate in out.rates.items()}
    for count, name in enumerate(sorted(recorded)):
        array = jnp.asarray(recorded[name]).astype(float)
        weights = np.random.default_rng(count).normal(size=array.shape)
        total += jnp.sum(weights * jnp.tanh(jnp.where(jnp.abs(array) > 1e3, 0.0, array)))
    return total


def real_values(program):
    """All values that have derivatives, and when synapses were updated, which has to be given with them."""
    names = [
        name
        for name, variable in program._variables.items()
        if variable.dtype.kind == "f" and not variable.delay and not name.endswith(("lastspike", "lastupdate"))
    ]
    since = {name: value for name, value in program.values.items() if name.endswith("lastupdate")}
    return {name: jnp.asarray(program.values[name]) for name in names}, {**since, "network.t": 0.0}


def derivatives(program):
    values, others = real_values(program)
    return jax.value_and_grad(lambda given: measured(program({**given, **others})))(values)


def assert_equal(found, expected):
    """Of one largest magnitude: both are the exact derivatives of the same steps, in another order of sums."""
    moving = 0
    for name, value in expected.items():
        one, other = np.asarray(found[name]), np.asarray(value)
        finite = np.isfinite(other)  # that of the square root of 0 is not
        np.testing.assert_array_equal(one[~finite], other[~finite], err_msg=name)
        largest = np.abs(other[finite]).max(initial=0)
        moving += largest > 0
        assert np.abs(one[finite] - other[finite]).max(initial=0) <= 1e-9 * largest, name
    assert moving


# What differs most in how a derivative goes back; the others are long tests, since JAX compiles each.
SHORT = ("event_driven_equations", "refractory_writes", "several_clocks")
SMOOTH = ("methods", "functions", "arithmetic", "summed_variables", "subexpressions", "linked_variables")
LONG = (
    *("sparse_synapses", "all_to_all", "heterogeneous_delays", "several_synapses_of_a_pair", "several_pathways"),
    *(
        "recurrent_synapses_read_both_sides",
        "pathway_of_an_event",
        "clock_driven_equations",
        "run_regularly_of_synapses",
    ),
    *("order_of_the_user", "monitors_of_subgroups", "shared_variables", "refractory_condition", "custom_events"),
    *SMOOTH,
)


@pytest.mark.parametrize("name", [*SHORT, *(pytest.param(name, marks=pytest.mark.long) for name in LONG)])
def test_derivatives_are_those_of_target_jax(name):
    network = constructs.NETWORKS[name]()
    groups = [thing.name for thing in network.objects if isinstance(thing, NeuronGroup) and "spike" in thing.events]
    surrogate = dict.fromkeys(groups, bioplast.SuperSpike(beta=3))
    program = compiled(network, surrogate=surrogate)
    value, found = derivatives(program)
    expected_value, expected = derivatives(compiled(network, "jax", surrogate=surrogate))
    assert float(value) == pytest.approx(float(expected_value), rel=1e-12)
    assert_equal(found, expected)


@pytest.mark.parametrize("name", ["subexpressions", "summed_variables", "linked_variables"])
def test_derivatives_without_spikes_are_those_of_finite_differences(name):
    """Central differences with a step of 1e-6 err by some 1e-10 of the second and third derivatives: below 1e-5."""
    network = constructs.NETWORKS[name]()
    program = compiled(network, duration=1 * ms)
    values, others = real_values(program)
    call = lambda given: float(measured(_arrays(program({**given, **others}))))  # noqa: E731
    _, found = jax.value_and_grad(lambda given: measured(program({**given, **others})))(values)
    for key, value in values.items():
        if not np.any(found[key]):
            continue
        for index in list(np.ndindex(value.shape))[:2]:
            change = np.zeros(value.shape)
            change[index] = 1e-6
            above, below = (call({**values, key: np.asarray(value) + sign * change}) for sign in (1, -1))
            expected = (above - below) / 2e-6
            assert np.asarray(found[key])[index] == pytest.approx(expected, rel=1e-5, abs=1e-7), (key, index)


def _arrays(out):
    """An output of numbers in the form of one that is traced."""
    rasters = {name: out.raster(name) for name in out.spikes}
    return types.SimpleNamespace(states=out.states, rates=out.rates, rasters=rasters)


def layers(delay=0.3 * ms):
    source = generator()
    options = {"threshold": "v > 1", "method": "exact", "namespace": {}}
    model = "dv/dt = (g - v)/tau : 1\ndg/dt = -g/(3*ms) : 1\ntau : second (constant)"
    hidden = NeuronGroup(7, model, reset="v -= 1", name="hidden", **options)
    out = NeuronGroup(3, model, reset="v = 0", refractory=0.5 * ms, name="out", **options)
    hidden.tau, out.tau = 8 * ms, 6 * ms
    objects = [source, hidden, out, SpikeMonitor(out, name="spikes"), StateMonitor(out, "v", record=True, name="trace")]
    for k, (name, before, after) in enumerate(
        [("first", source, hidden), ("again", hidden, hidden), ("second", hidden, out)]
    ):
        synapses = Synapses(before, after, "w : 1", on_pre="g_post += w", name=name, namespace={}, delay=delay)
        synapses.connect()
        synapses.w = np.random.default_rng(k).normal(0.4 if k != 1 else 0.0, 0.4, len(synapses))
        objects.append(synapses)
    return Network(*objects)


SURROGATES = {
    "SuperSpike": bioplast.SuperSpike(beta=5),
    "Sigmoid": bioplast.Sigmoid(beta=5),
    "Gaussian": bioplast.Gaussian(beta=0.5),
    "Arctan": bioplast.Arctan(),
    "Rectangle": bioplast.Rectangle(beta=0.8),
    "StraightThrough": bioplast.StraightThrough(),
}


@pytest.mark.parametrize("detach", [False, True])
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.long] * (name not in ("SuperSpike",))) for name in SURROGATES]
)
def test_a_batch_of_a_recurrent_network_has_the_derivatives_of_target_jax(name, detach):
    network = layers()
    rasters = np.random.default_rng(1).random((4, 100, 6)) < 0.1
    weights = np.random.default_rng(2).normal(0.3, 0.4, (4, 42))
    found = {}
    for target in ("jax", "native"):
        program = compiled(network, target, surrogate=SURROGATES[name], detach_reset=detach)

        @jax.jit
        @jax.value_and_grad
        def loss(values, program=program):
            out = program.batch(values, {"generator": rasters})
            return measured(out) + jnp.sum(out.raster("spikes")[:, 50:]) + jnp.sum(out.final["again.w"] ** 2)

        values = {"first.w": jnp.asarray(weights), "again.w": jnp.asarray(program.values["again.w"])}
        values |= {key: jnp.asarray(program.values[key]) for key in ("second.w", "hidden.tau", "out.tau")}
        found[target] = loss(values)
    assert float(found["native"][0]) == pytest.approx(float(found["jax"][0]), rel=1e-12)
    assert_equal(found["native"][1], found["jax"][1])


def test_inputs_and_timed_arrays_have_the_derivatives_of_target_jax():
    source = generator()
    wave = TimedArray(np.random.default_rng(3).random((20, 4)), dt=0.5 * ms, name="wave")
    cells = constructs.making.cells("dv/dt = (wave(t, i)*2 - v*v)/(5*ms) : 1", namespace={"wave": wave})
    synapses = Synapses(source, cells, "w : 1", on_pre="v_post += w", name="synapses", namespace={}, delay=0.2 * ms)
    synapses.connect()
    synapses.w = np.random.default_rng(4).random(24) * 0.3
    network = Network(source, cells, synapses, StateMonitor(cells, "v", record=True, name="trace"))
    raster = (np.random.default_rng(5).random((100, 6)) < 0.1).astype(float)
    found = {}
    for target in ("jax", "native"):
        program = compiled(network, target, surrogate=bioplast.SuperSpike(beta=3))

        def loss(given, program=program):
            return measured(program({"synapses.w": given["w"]}, {"generator": given["x"], "wave": given["wave"]}))

        given = {"x": raster, "wave": wave.values, "w": synapses.w[:]}
        found[target] = jax.grad(loss)({name: jnp.asarray(value) for name, value in given.items()})
    assert_equal(found["native"], found["jax"])
    assert np.abs(found["native"]["x"][raster == 0]).max() > 0  # a spike that did not happen might have


def test_the_number_of_threads_changes_no_digit_of_a_derivative():
    network = layers()
    # twelve groups, whoever is ready first, and fewer samples in the last one
    rasters = np.random.default_rng(1).random((35, 100, 6)) < 0.1
    found = []
    for threads in (1, 2, 5):
        program = compiled(network, surrogate=bioplast.SuperSpike(beta=5), threads=threads)
        loss = lambda w, program=program: measured(program.batch({"first.w": w}, {"generator": rasters}))  # noqa: E731
        found.append(np.asarray(jax.grad(loss)(jnp.asarray(program.values["first.w"]))))
    np.testing.assert_array_equal(found[1], found[0])
    np.testing.assert_array_equal(found[2], found[0])


def test_what_has_no_derivative_is_refused_by_name():
    source = generator()
    cells = constructs.making.cells("dv/dt = (1.1 - v)/(5*ms) : 1\nx : 1")
    synapses = Synapses(source, cells, "w : 1", on_pre="x_post *= w", name="synapses", namespace={})
    synapses.connect()
    cells.x, synapses.w = 1, 0.9
    program = compiled(Network(source, cells, synapses, StateMonitor(cells, "x", record=True, name="trace")))
    loss = lambda w: jnp.sum(program({"synapses.w": w}).states["trace"]["x"])  # noqa: E731
    with pytest.raises(Unsupported, match=r"'synapses_pre': 'x_post \*= \.\.\.' by several synapses has no derivative"):
        jax.grad(loss)(jnp.full(24, 0.9))

    class Odd(bioplast.SuperSpike):
        def slope(self, x):
            return jnp.arctan2(x, 1.0)

    program = compiled(layers(), surrogate=Odd())
    with pytest.raises(Unsupported, match="the surrogate Odd computes 'atan2'"):
        jax.grad(lambda w: measured(program({"second.w": w})))(jnp.asarray(program.values["second.w"]))


def test_a_run_that_is_traced_without_a_seed_has_no_noise_of_its_own():
    program = compiled(constructs.RANDOM["additive_noise"]())
    with pytest.raises(BioplastError, match="needs a seed or a key of its own"):
        jax.jit(lambda v: program({"cells.v": v, "network.t": 0.0}).final["cells.v"])(jnp.zeros(4))
    found = jax.jit(lambda key: program(seed=key).final["cells.v"])(jax.random.key(1))
    again = jax.jit(lambda key: program(seed=key).final["cells.v"])(jax.random.key(1))
    np.testing.assert_array_equal(found, again)


@pytest.mark.parametrize("ends", [(1, 3), (1, 1), (3, 1)])
def test_a_single_row_or_neuron_has_its_derivatives(ends):
    """Synapses of which position, neuron before and neuron behind are partly the same numbers."""

    def made():
        source = generator(ends[0], rate=0.3)
        cells = NeuronGroup(ends[1], "dv/dt = -v/(2*ms) : 1", method="exact", name="cells")
        synapses = Synapses(source, cells, "w : 1", on_pre="v_post += w", name="synapses")
        synapses.connect()
        synapses.w = "0.1*(1 + i + 2*j)"
        plain = Synapses(source, cells, on_pre="v_post += 0.01", delay=0.3 * ms, name="plain")
        plain.connect()
        return Network(source, cells, synapses, plain, StateMonitor(cells, "v", record=True, name="trace"))

    native, jax_program = compiled(made(), duration=3 * ms), compiled(made(), "jax", duration=3 * ms)
    np.testing.assert_allclose(native().states["trace"]["v"], jax_program().states["trace"]["v"], rtol=1e-9)
    assert_equal(derivatives(native)[1], derivatives(jax_program)[1])


@pytest.mark.parametrize("target", ["jax", "native"])
@pytest.mark.parametrize(("drive", "duration"), [(3.0, 4.6), (0.95, 4.0)], ids=["a spike", "none"])
def test_what_an_event_changes_first_counts_as_changed_for_what_it_does_next(target, drive, duration):
    """The same rule in two orders has one gradient, whether the event happened or not."""

    def gradient(on_pre):
        before = brian2.NeuronGroup(
            1,
            "dv/dt = (J - v)/(10*ms) : 1\nJ : 1",
            threshold="v > 1",
            reset="v = 0",
            method="exact",
            namespace={"ms": brian2.ms},
            name="before",
        )
        after = brian2.NeuronGroup(1, "v : 1", name="after")
        synapses = brian2.Synapses(before, after, "w : 1", on_pre=on_pre, name="synapses")
        synapses.connect()
        synapses.w = 2
        program = bioplast.compile(
            brian2.Network(before, after, synapses),
            duration * brian2.ms,
            target,
            namespace={},
            surrogate={"before": bioplast.SuperSpike(beta=3)},
        )
        with jax.enable_x64(True):
            given = np.array([drive])
            return float(
                jax.grad(lambda J: program({"before.J": J, "network.t": 0.0}).final["after.v"].sum())(given)[0]
            )

    expected = gradient("v_post += w - 0.5; w = w - 0.5")
    assert expected > 0.1
    assert gradient("w = w - 0.5; v_post += w") == pytest.approx(expected, rel=1e-12)
