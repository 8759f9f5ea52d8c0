"""Random changes of random networks after `compile`, and random chunkings of a run: Brian2's own run, or refused.

``BIOPLAST_RANDOM_CHANGES`` is how many examples are tried of each: a few in each run of the tests, always the same; a
larger number starts a search of its own. Networks that come closer to a threshold than rounding are left out on jax, as
in test_random_networks.py.
"""

from __future__ import annotations

import os

import jax
import numpy as np
import pytest
from brian2 import (
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    ms,
    prefs,
)
from brian2.core.operations import NetworkOperation
from hypothesis import HealthCheck, Phase, assume, event, given, settings
from hypothesis import strategies as st
from support.parity import assert_close
from support.random_networks import groups, seeds, synapses

import bioplast
from bioplast.errors import BioplastError, NonFiniteError, Unsupported

EXAMPLES = int(os.environ.get("BIOPLAST_RANDOM_CHANGES", "5"))
DURATION = 6 * ms
UNIT = 0.05 * ms  # borders of chunks are multiples of it, and so not of every clock's dt
fixed = settings(
    deadline=None,
    suppress_health_check=list(HealthCheck),
    max_examples=EXAMPLES,
    derandomize=EXAMPLES <= 20,
    phases=[Phase.explicit, Phase.generate],  # to make a failing network smaller takes minutes
)


@st.composite
def networks(draw):
    """A group or two, a generator that is periodic or not, synapses, a TimedArray, run_regularly, monitors."""
    rng = np.random.default_rng(draw(seeds))
    period = draw(st.sampled_from([0, 0, 2.5])) * ms
    steps, neurons = np.nonzero(rng.random((25 if period else 60, 3)) < 0.1)
    source = SpikeGeneratorGroup(3, neurons, steps * 0.1 * ms, period=period, dt=0.1 * ms, name="source")
    same = draw(st.booleans())  # one dt for all, so that JAX can trace the time
    clocks = {"dts": [0.1], "regular": 0.1} if same else {}
    made = [draw(groups(name, **clocks)) for name in ("one", "two")[: draw(st.integers(1, 2))]]
    objects = [source, *made]
    for group in made:
        if draw(st.booleans()):
            table = TimedArray(rng.random(5), dt=draw(st.sampled_from([0.7, 1.5])) * ms, name=f"table_{group.name}")
            group.namespace["table"] = table
            group.run_regularly("v += 0.02*table(t)", dt=0.1 * ms if same else 0.3 * ms, name=f"driven_{group.name}")
    for k in range(draw(st.integers(1, 2))):
        before = draw(st.sampled_from([source, *made]))
        objects.append(draw(synapses(f"synapses_{k}", before, draw(st.sampled_from(made)), before is source)))
    for group in made:
        dt = group.clock.dt
        objects.append(SpikeMonitor(group, ["v"], record=draw(st.booleans()), name=f"{group.name}_spikes"))
        objects.append(StateMonitor(group, ["v", "g"], record=True, name=f"{group.name}_states", dt=dt))
        objects.append(
            StateMonitor(group, "v", record=True, name=f"{group.name}_margin", dt=dt, when="thresholds", order=-1)
        )
    return Network(*objects)


# Changes: each changes a network in place, and returns whether it changed what was compiled --------------------------


def objects(network, *kinds):
    found = [obj for obj in network.sorted_objects if not kinds or isinstance(obj, kinds)]
    return [obj for obj in found if not isinstance(obj, NetworkOperation)]


def toggle(draw, network):
    obj = draw(st.sampled_from(objects(network)))
    obj.active = not obj.active


def toggle_and_back(draw, network):
    obj = draw(st.sampled_from(objects(network)))
    obj.active = not obj.active
    obj.active = not obj.active


def order(draw, network):
    draw(st.sampled_from(objects(network))).order += draw(st.sampled_from([-2, 2]))


def when(draw, network):
    draw(st.sampled_from(objects(network))).when = draw(st.sampled_from(["start", "end", "before_synapses"]))


def schedule(draw, network):
    network.schedule = draw(st.permutations(["start", "groups", "thresholds", "synapses", "resets", "end"]))


def remove(draw, network):
    network.remove(draw(st.sampled_from(objects(network, SpikeMonitor, StateMonitor, Synapses))))


def add(draw, network):
    group = draw(st.sampled_from(objects(network, NeuronGroup)))
    kind = draw(st.sampled_from(["monitor", "group", "synapses"]))
    if kind == "group":
        added = NeuronGroup(2, "dx/dt = -x/ms : 1", method="euler", name="added")
    elif kind == "monitor":
        added = SpikeMonitor(group, name="added")
    else:
        added = Synapses(group, group, on_pre="v_post += 0.1", name="added")
        added.connect()
    network.add(added)
    network.kept = added


def regularly(draw, network):
    draw(st.sampled_from(objects(network, NeuronGroup))).run_regularly("v += 0.01", dt=0.5 * ms, name="regularly")


def reset(draw, network):
    group = draw(st.sampled_from(objects(network, NeuronGroup)))
    group.event_codes["spike"] = "v = 0.05"


def threshold(draw, network):
    draw(st.sampled_from(objects(network, NeuronGroup))).events["spike"] = "v > 0.9"


def pathway_code(draw, network):
    draw(st.sampled_from(objects(network, Synapses))).pre.code = "g_post += 0.123"


def time_step(draw, network):
    draw(st.sampled_from(objects(network, NeuronGroup))).clock.dt = 0.025 * ms


def table(draw, network):
    arrays = [group.namespace["table"] for group in objects(network, NeuronGroup) if "table" in group.namespace]
    assume(arrays)
    arrays[0].values[draw(st.integers(0, 4))] += draw(st.sampled_from([0, 1]))


def constant(draw, network):
    group = draw(st.sampled_from(objects(network, NeuronGroup)))
    group.namespace["constant"] = 3


def refractory(draw, network):
    group = draw(st.sampled_from(objects(network, NeuronGroup)))
    assume(group._refractory is not False)
    group._refractory = 0.5 * ms


def more_synapses(draw, network):
    draw(st.sampled_from(objects(network, Synapses))).connect(i=0, j=0)


def states(draw, network):
    group = draw(st.sampled_from(objects(network, NeuronGroup)))
    group.v = draw(st.sampled_from([0, 0.4, 0.7]))
    group.drive = "1.2 + 0.1*i"


def weights(draw, network):
    made = draw(st.sampled_from(objects(network, Synapses)))
    if len(made):
        made.w = "0.2*rand()"


def delays(draw, network):
    made = draw(st.sampled_from(objects(network, Synapses)))
    if len(made):
        made.pre.delay = draw(st.sampled_from([0, 0.4, 2.2])) * ms


def emitted(draw, network):
    network["source"].set_spikes([0, 2, 1], draw(st.sampled_from([[0.5, 1.0, 4.2], [3.3, 3.4, 5]])) * ms)


def run_on(draw, network):
    network.run(draw(st.sampled_from([1, 1.5, 2])) * ms, namespace={})


def nothing(draw, network):
    pass


CHANGES = [
    toggle, toggle_and_back, order, when, schedule, remove, add, regularly, reset, threshold, pathway_code, time_step,
    table, constant, refractory, more_synapses, states, weights, delays, emitted, run_on, nothing,
]  # fmt: skip
FOLLOWED = {states, weights, delays, emitted, run_on, nothing}  # and never refused


# What plain Brian2 makes of it ----------------------------------------------------------------------------------------


def recorded_by_brian2(network, duration):
    """What plain Brian2 records in a run from now on, and the values after it."""
    monitors = objects(network, SpikeMonitor, StateMonitor)
    before = {m.name: m.variables["N"].get_value().item() for m in monitors if "N" in m.variables}
    counts = {m.name: np.array(m.count[:]) for m in monitors if isinstance(m, SpikeMonitor)}
    network.run(duration, namespace={})
    found = {}
    for monitor in monitors:
        n = before.get(monitor.name)
        if isinstance(monitor, StateMonitor):
            found |= {f"{monitor.name}.{v}": getattr(monitor, f"{v}_")[:, n:].T for v in monitor.record_variables}
            continue
        found[f"{monitor.name}.count"] = np.array(monitor.count[:]) - counts[monitor.name]
        if monitor.record:
            rows = np.lexsort((monitor.i[n:], monitor.t_[n:]))
            found[f"{monitor.name}.i"], found[f"{monitor.name}.t"] = monitor.i[n:][rows], monitor.t_[n:][rows]
    return found


def recorded_by_program(parts):
    """The same of the outputs of consecutive runs."""
    found = {}
    for name, states in parts[0].states.items():
        found |= {f"{name}.{v}": np.concatenate([p.states[name][v] for p in parts]) for v in states if v != "t"}
    for name in parts[0].counts:
        found[f"{name}.count"] = np.sum([p.counts[name] for p in parts], axis=0)
    for name in parts[0].spikes:
        times, indices = zip(*(p.events(name) for p in parts), strict=True)
        found |= {f"{name}.t": np.concatenate(times), f"{name}.i": np.concatenate(indices)}
    return found


def assert_as_brian2(expected, network, found, final):
    for key, value in expected.items():
        if not key.startswith("added"):
            assert_close(value, found[key], key)
    for key, value in bioplast.compile(network, DURATION, "numpy", namespace={}).values.items():
        if not key.endswith(".queue"):
            assert_close(value, final[key], key)
        else:
            np.testing.assert_array_equal(value, final[key], key)


def leave_out(network, expected, target):
    """Leave a network out that is no number, or comes closer to a threshold than rounding."""
    assume(all(np.isfinite(value).all() for value in expected.values()))
    if target == "jax":
        assume(min(np.abs(v - 1).min() for k, v in expected.items() if k.endswith("_margin.v")) > 1e-12)


@pytest.fixture(autouse=True)
def _plain_brian2_runs_numpy():
    before = prefs.codegen.target
    prefs.codegen.target = "numpy"
    yield
    prefs.codegen.target = before


def compiled(network, target):
    try:
        return bioplast.compile(network, DURATION, target, namespace={})
    except Unsupported:
        assume(False)


@pytest.mark.parametrize("target", ["numpy", "jax"])
@fixed
@given(st.data())
def test_a_change_after_compile_is_that_of_brian2_or_refused(target, data):
    network = data.draw(networks())
    program = compiled(network, target)
    if data.draw(st.booleans()):
        try:
            program(seed=1)
        except (NonFiniteError, Unsupported):
            assume(False)
    changes = data.draw(st.lists(st.sampled_from(CHANGES), min_size=1, max_size=2))
    for change in changes:
        change(data.draw, network)
    names = "+".join(change.__name__ for change in changes)
    try:
        out = program(seed=1)
    except NonFiniteError:
        assume(False)
    except BioplastError as refusal:
        assert "\n" not in str(refusal)
        assert not FOLLOWED.issuperset(changes) or isinstance(refusal, Unsupported), refusal
        event(f"{names}: refused")
        return
    event(f"{names}: followed")
    try:
        expected = recorded_by_brian2(network, DURATION)
    except Exception as error:  # which is none of Brian2's kinds alone
        raise AssertionError(f"{names} is followed, though Brian2 refuses it: {error!r}") from error
    leave_out(network, expected, target)
    assert_as_brian2(expected, network, recorded_by_program([out]), out.final)


@st.composite
def chunkings(draw):
    """One to seven lengths that add up to the duration, in units."""
    total = round(float(DURATION / UNIT))
    borders = draw(st.sets(st.integers(1, total - 1), max_size=6))
    return np.diff([0, *sorted(borders), total]).tolist()


@pytest.mark.parametrize("target", ["numpy", "jax"])
@fixed
@given(networks(), chunkings())
def test_a_run_in_chunks_is_the_run(target, network, lengths):
    program = compiled(network, target)
    if target == "jax":  # each length is compiled: few of them
        lengths = [length // 30 * 30 or 30 for length in lengths]
        lengths = [*lengths[:3], max(0, 120 - sum(lengths[:3]))]  # none, too
    values, parts = None, []
    try:
        for length in lengths:
            parts.append(program(values, seed=1, duration=length * UNIT))
            values = parts[-1].final
    except (NonFiniteError, Unsupported):
        assume(False)
    expected = recorded_by_brian2(network, sum(lengths) * UNIT)
    leave_out(network, expected, target)
    assert_as_brian2(expected, network, recorded_by_program(parts), values)


def clockwork():
    """Delays of all synapses and of each, two clocks, generators, refractoriness, a TimedArray, run_regularly."""
    current = TimedArray([0.5, 3.0, 1.0, 2.5], dt=1.7 * ms)
    source = SpikeGeneratorGroup(3, [0, 1, 2, 0], [0.3, 2.1, 4.4, 5.2] * ms, dt=0.1 * ms, name="source")
    often = SpikeGeneratorGroup(2, [0, 1], [0.2, 1.1] * ms, period=1.5 * ms, dt=0.1 * ms, name="often")
    made = []
    for name, size, dt in (("one", 3, 0.1), ("two", 2, 0.25)):
        group = NeuronGroup(
            size,
            "dv/dt = (I(t) + drive + g - v)/(2*ms) : 1 (unless refractory)\ndg/dt = -g/(3*ms) : 1\ndrive : 1",
            threshold="v > 1", reset="v = 0", refractory=1.3 * ms, method="euler", dt=dt * ms, name=name,
            namespace={"I": current},
        )  # fmt: skip
        group.run_regularly("v += 0.02*I(t)", dt=0.7 * ms, name=f"driven_{name}")
        made.append(group)
    objects = [source, often, *made]
    one, two = made
    for name, before, after in (("given", source, one), ("all", often, two), ("each", one, two), ("back", two, one)):
        synapses = Synapses(before, after, "w : 1", on_pre="g_post += w; w *= 0.99", name=name)
        synapses.connect()
        synapses.w = 0.4
        synapses.pre.delay = "(0.2 + 0.4*i + 0.9*j)*ms" if name in ("each", "back") else 2.3 * ms
        objects.append(synapses)
    for group in made:
        objects.append(SpikeMonitor(group, ["v"], name=f"{group.name}_spikes"))
        objects.append(StateMonitor(group, ["v", "g"], record=True, dt=group.clock.dt, name=f"{group.name}_states"))
    return Network(*objects)


class Clockwork:
    """The network compiled once, and brought back before each example."""

    def __init__(self, target):
        self.network = clockwork()
        self.network.run(0 * ms, namespace={})
        self.network.store()
        self.program = bioplast.compile(self.network, DURATION, target, namespace={})


@pytest.fixture(scope="module", params=["numpy", "cpp", "jax"])
def compiled_once(request):
    prefs.codegen.target = "numpy"
    return Clockwork(request.param)


@pytest.mark.long
@fixed
@given(st.data())
def test_what_is_followed_is_followed_in_chunks_on_every_target(compiled_once, data):
    network, program = compiled_once.network, compiled_once.program
    network.restore()
    changes = data.draw(st.lists(st.sampled_from([states, weights, delays, emitted, run_on]), max_size=2))
    for change in changes:
        change(data.draw, network)
    lengths = data.draw(chunkings()) if program.target != "jax" else data.draw(st.sampled_from(FEW))
    values, parts = None, []
    try:
        for length in lengths:
            parts.append(program(values, seed=1, duration=length * UNIT))
            values = parts[-1].final
    except Unsupported as refusal:
        assert "Brian2's NumPy code changes 'w' once" in str(refusal)
        event("refused")
        return
    event("followed")
    expected = recorded_by_brian2(network, DURATION)
    if program.target == "numpy" or "delays" not in [change.__name__ for change in changes]:
        assert_as_brian2(expected, network, recorded_by_program(parts), values)


FEW = [
    [120],
    [30, 90],
    [30, 30, 60],
    [3, 27, 90],
    [30, 30, 30, 27, 3],
]  # of which jax compiles a program for each length


@fixed
@given(networks(), st.integers(1, 7), st.sampled_from([0.1, 0.5, 1.1]))
def test_a_run_in_chunks_within_a_compiled_function_is_the_run_or_refused(network, count, chunk):
    program = compiled(network, "jax")

    def step(values, _):
        out = program(values, duration=chunk * ms)
        return out.final, (out.rasters, {name: states["v"] for name, states in out.states.items()})

    try:
        with jax.enable_x64(True):
            begin = program.carry()
            final, (rasters, traces) = jax.jit(lambda values: jax.lax.scan(step, values, None, length=count))(begin)
    except BioplastError as refusal:
        assert "the clocks have steps of" in str(refusal) or isinstance(refusal, Unsupported), refusal
        event("refused")
        return
    event("followed")
    expected = recorded_by_brian2(network, count * chunk * ms)
    leave_out(network, expected, "jax")
    for name, trace in traces.items():
        value = expected[f"{name}.v"]
        assert_close(value, np.asarray(trace).reshape(value.shape), name)
    for name, raster in rasters.items():
        assert np.asarray(raster).sum() == len(expected[f"{name}.i"])
    assert_as_brian2({}, network, {}, program._checked({key: np.asarray(value) for key, value in final.items()}))
