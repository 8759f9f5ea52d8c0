"""What is changed in a network after it was compiled is followed, or refused by name, alike on every target."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import (
    Clock,
    Equations,
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    ms,
)

import bioplast
from bioplast.errors import BioplastError, Unsupported

TARGETS = ["numpy", "cpp", "jax", "native"]


class Parts:
    """A small network with something of each kind that a user may change."""

    def __init__(self):
        self.current = TimedArray([0.5, 1.5, 2.5], dt=1 * ms)
        self.source = SpikeGeneratorGroup(1, [0, 0], [0.5, 1.5] * ms, name="source")
        self.cells = NeuronGroup(
            2, "dv/dt = (I(t)*gain - v)/(2*ms) : 1\ngain : 1", threshold="v > 0.8", reset="v = 0", method="euler",
            name="cells", namespace={"I": self.current},
        )  # fmt: skip
        self.cells.gain = 1
        self.synapses = Synapses(self.source, self.cells, "w : 1", on_pre="v_post += w", name="synapses")
        self.synapses.connect()
        self.synapses.w = 0.3
        # of one delay for all and no variable of its own: no value has another size when synapses are added
        self.plain = Synapses(self.source, self.cells, on_pre="v_post += 0.01", delay=1 * ms, name="plain")
        self.plain.connect(i=0, j=0)
        self.regular = self.cells.run_regularly("v += 0.01", dt=1 * ms, name="regular")
        self.spikes = SpikeMonitor(self.cells, name="spikes")
        self.trace = StateMonitor(self.cells, "v", record=True, name="trace")
        self.network = Network(self.source, self.cells, self.synapses, self.plain, self.spikes, self.trace)


def switched_off(parts):
    parts.synapses.pre.active = False


def monitor_switched_off(parts):
    parts.trace.active = False


def added(parts):
    parts.other = NeuronGroup(1, "x : 1", name="other")
    parts.network.add(parts.other)


def removed(parts):
    parts.network.remove(parts.trace)


def replaced(parts):
    parts.network.remove(parts.trace)
    parts.trace = StateMonitor(parts.cells, "v", record=[0], name="trace")
    parts.network.add(parts.trace)


def run_regularly(parts):
    parts.later = parts.cells.run_regularly("v += 0.02", dt=0.5 * ms, name="later")


def order(parts):
    parts.regular.order = 3


def slot(parts):
    parts.trace.when = "end"


def schedule(parts):
    parts.network.schedule = ["start", "groups", "synapses", "thresholds", "resets", "end"]


def code(parts):
    parts.regular.abstract_code = "v += 0.5"


def reset(parts):
    parts.cells.event_codes["spike"] = "v = 0.1"


def method(parts):
    parts.cells.state_updater.method_choice = "rk4"


def recorded(parts):
    parts.trace.record_variables.append("gain")


def not_recorded(parts):
    parts.spikes.record = False


def model(parts):
    parts.cells.equations = Equations("dv/dt = -v/(9*ms) : 1\ngain : 1")


def connected(parts):
    parts.plain.connect(i=0, j=1)


def connected_otherwise(parts):
    parts.plain.variables["_synaptic_post"].get_value()[:] = 1


def values_in_place(parts):
    parts.current.values[1] = 9


CHANGES = {
    switched_off: "active of 'synapses_pre' was changed",
    monitor_switched_off: "active of 'trace' was changed",
    added: "'other' was added to the network",
    removed: "'trace' was taken out of the network",
    replaced: "'trace' is another object than the one that was compiled",
    run_regularly: "'later' was added to the network",
    order: "order of 'regular' was changed",
    slot: "when of 'trace' was changed",
    schedule: "the schedule of the network was changed",
    code: "the code of 'regular' was changed",
    reset: "the reset of 'cells' was changed",
    method: "the method of 'cells_stateupdater' was changed",
    recorded: "what is recorded of 'trace' was changed",
    not_recorded: "record of 'spikes' was changed",
    model: "the model of 'cells' was changed",
    connected: "the connectivity of 'plain' was changed",
    connected_otherwise: "the connectivity of 'plain' was changed",
    values_in_place: "the values of the TimedArray 'I' was changed",
}


@pytest.fixture(scope="module", params=TARGETS)
def compiled(request):
    """For each target: makes the parts of a network, compiled."""

    def make():
        parts = Parts()
        return parts, bioplast.compile(parts.network, 3 * ms, request.param, namespace={})

    return make


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_change_of_what_was_compiled_is_refused_by_name(compiled, change):
    parts, program = compiled()
    program(seed=1)
    change(parts)
    for call in (program, lambda seed: program.batch({"cells.gain": np.ones((2, 2))}, seed=seed)):
        with pytest.raises(BioplastError) as caught:
            call(seed=1)
        assert str(caught.value) == f"{CHANGES[change]} after compile: compile the network again"


def test_values_and_generated_spikes_are_followed(compiled):
    parts, program = compiled()
    before = program(seed=1).final["cells.v"]
    parts.cells.gain = [1, 2]
    parts.synapses.w = [0.1, 0.2]
    parts.synapses.delay = 0.4 * ms
    parts.source.set_spikes([0], [2.1] * ms)
    parts.network.run(0.3 * ms, namespace={})
    after = program(seed=1).final["cells.v"]
    assert (before != after).all()
    parts.network.run(3 * ms, namespace={})  # plain Brian2
    np.testing.assert_allclose(after, parts.cells.v[:], rtol=1e-12)


@pytest.mark.parametrize("target", TARGETS)
def test_what_is_inactive_when_compiled_is_left_out(target):
    cells = NeuronGroup(
        2, "dv/dt = (1 - v)/(5*ms) : 1", threshold="v > 0.5", reset="v = 0", method="exact", name="cells"
    )
    later = Synapses(cells, cells, on_pre="v_post += 0.1", name="later")  # which is not connected yet
    later.active = False
    trace = StateMonitor(cells, "v", record=True, name="trace")
    trace.active = False
    out = bioplast.compile(Network(cells, later, trace), 5 * ms, target, namespace={})(seed=1)
    n = np.ceil(5 * np.log(2) / 0.1)  # steps until v is above the threshold
    np.testing.assert_allclose(out.final["cells.v"], 1 - np.exp(-(50 - n) * 0.1 / 5), rtol=1e-9)
    assert out.states["trace"]["v"].shape == (0, 2)


@pytest.mark.parametrize("target", TARGETS)
def test_two_clocks_of_one_name_are_refused(target):
    groups = [
        NeuronGroup(1, "v : 1", name=name, clock=Clock(dt=dt * ms, name="c")) for name, dt in (("a", 0.1), ("b", 0.5))
    ]
    with pytest.raises(Unsupported, match=r"two clocks are called 'c', of 0.1 and 0.5 ms: give each a name of its own"):
        bioplast.compile(Network(*groups), 3 * ms, target, namespace={})


@pytest.mark.parametrize("target", TARGETS)
def test_two_summed_variables_of_one_target_are_refused(target):
    one, other = NeuronGroup(1, "", name="one"), NeuronGroup(1, "x : 1", name="other")
    sums = [Synapses(one, other, f"x_post = {k} : 1 (summed)", name=f"sum_{k}") for k in (1, 2)]
    for synapses in sums:
        synapses.connect()
    with pytest.raises(Unsupported, match=r"Multiple 'summed variables' target the variable 'x' in group 'other'"):
        bioplast.compile(Network(one, other, *sums), 1 * ms, target, namespace={})()
