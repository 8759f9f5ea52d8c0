"""Networks that between them use what Brian2 has; shared by the tests, so that each is compiled once."""

from __future__ import annotations

import brian2
import numpy as np
from brian2 import (
    EventMonitor,
    Hz,
    Network,
    NeuronGroup,
    PoissonGroup,
    PopulationRateMonitor,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    check_units,
    implementation,
    linked_var,
    ms,
)


def plastic(seed: int = 0, neurons: int = 50) -> Network:
    """STDP with heterogeneous pre- and postsynaptic delays."""
    rng = np.random.default_rng(seed)
    cells = NeuronGroup(
        neurons,
        """
        dv/dt = (I - v)/tau : 1 (unless refractory)
        I : 1
        tau : second (shared, constant)
        """,
        threshold="v > 1",
        reset="v = 0",
        refractory=2 * ms,
        method="exact",
        name="cells",
    )
    cells.I = 1.1 + rng.random(neurons)
    cells.v = rng.random(neurons)
    cells.tau = 10 * ms
    synapses = Synapses(
        cells,
        cells,
        """
        w : 1
        dapre/dt = -apre/tau_plus : 1 (event-driven)
        dapost/dt = -apost/tau_minus : 1 (event-driven)
        """,
        on_pre="v_post += w\napre += 0.01\nw = clip(w + apost, 0, w_max)",
        on_post="apost -= 0.012\nw = clip(w + apre, 0, w_max)",
        namespace={"tau_plus": 20 * ms, "tau_minus": 20 * ms, "w_max": 0.2},
        name="stdp",
    )
    pre, post = np.nonzero(rng.random((neurons, neurons)) < 0.3)
    synapses.connect(i=pre, j=post)
    synapses.w = rng.random(len(pre)) * 0.1
    synapses.pre.delay = rng.random(len(pre)) * 5 * ms
    synapses.post.delay = rng.random(len(pre)) * 3 * ms
    recorded = StateMonitor(synapses, ["w", "apre"], record=[0, 5], dt=1 * ms, name="weights")
    return Network(cells, synapses, SpikeMonitor(cells, name="spikes"), recorded)


def driven(seed: int = 0) -> Network:
    """Every kind of input, several clocks, summed variables and run_regularly."""
    rng = np.random.default_rng(seed)
    namespace = {
        "stimulus": TimedArray(rng.random((200, 5)), dt=1 * ms, name="drive"),
        "gain": TimedArray(rng.random(50), dt=2 * ms),
    }
    first = NeuronGroup(
        5,
        "dv/dt = (2*stimulus(t, i)*gain(t) - v)/(10*ms) : 1",
        threshold="v > 0.8",
        reset="v = 0",
        method="euler",
        namespace=namespace,
        name="first",
    )
    generator = SpikeGeneratorGroup(3, [0, 1, 2, 0], [1, 5, 7, 11] * ms, period=20 * ms, name="generator")
    poisson = PoissonGroup(10, rates=100 * Hz, name="poisson")
    second = NeuronGroup(
        4, "dv/dt = -v/(10*ms) : 1\ns : 1", threshold="v > 0.5", reset="v = 0", method="exact", name="second"
    )
    from_generator = Synapses(generator, second, on_pre="v += 0.3", name="from_generator")
    from_generator.connect()
    from_poisson = Synapses(poisson, second, "q : 1", on_pre="v += q", delay=2 * ms, name="from_poisson")
    pre, post = np.nonzero(rng.random((10, 4)) < 0.5)
    from_poisson.connect(i=pre, j=post)
    from_poisson.q = 0.1
    summed = Synapses(first, second, "c : 1\ns_post = c*v_pre : 1 (summed)", name="summed")
    summed.connect()
    summed.c = rng.random(20)
    second.run_regularly("v *= 0.9", dt=1 * ms)
    groups = (first, second, poisson, generator)
    return Network(
        *groups,
        from_generator,
        from_poisson,
        summed,
        *(SpikeMonitor(group, name=f"{group.name}_spikes") for group in groups),
        StateMonitor(second, ["v", "s"], record=True, name="second_states", dt=0.5 * ms),
        StateMonitor(first, "v", record=True, name="first_states"),
        PopulationRateMonitor(first, name="rate"),
    )


def varied(seed: int = 0) -> Network:
    """Refractory conditions, custom events, subexpressions, linked variables, subgroups, pathways, integers."""
    a = NeuronGroup(
        10,
        """
        dv/dt = (mu - v)/tau + c*x/tau : 1 (unless refractory)
        x = clip(v, 0, 1) : 1 (constant over dt)
        mu : 1
        tau : second (shared, constant)
        c : 1 (constant)
        k : integer
        b : boolean
        """,
        threshold="v > 1",
        reset="v = 0; k += 1; b = not b",
        refractory="(1 + 0.2*i)*ms",
        method="rk4",
        events={"half": "v > 0.5"},
        name="a",
    )
    a.tau = 7 * ms
    a.mu = 1.2 + 0.1 * np.arange(10)
    a.c = 0.1
    a.run_on_event("half", "mu *= 1.0001")
    b = NeuronGroup(
        10,
        "vv : 1 (linked)\ndy/dt = (vv - y)/(5*ms) : 1",
        threshold="y > 0.6",
        reset="y = 0",
        refractory="y > 0.3",
        method="euler",
        name="b",
    )
    b.vv = linked_var(a, "v")
    part = a[3:7]
    pathways = Synapses(
        part,
        b[2:9],
        on_pre={"up": "y_post += 0.05", "down": "y_post -= 0.01"},
        delay={"up": 1 * ms, "down": 0 * ms},
        name="pathways",
    )
    pathways.connect(j="i")
    return Network(
        a,
        b,
        pathways,
        SpikeMonitor(a, ["mu", "k"], name="a_spikes"),
        SpikeMonitor(b[1:6], name="b_spikes"),
        EventMonitor(a, "half", name="half_events"),
        StateMonitor(a, True, record=[1, 3], name="a_states"),
        SpikeMonitor(a, record=False, name="counts"),
        PopulationRateMonitor(part, name="part_rate"),
    )


def cuba_network() -> Network:
    from cuba import cuba

    return cuba()


def cobahh_network() -> Network:
    from cobahh import cobahh

    return cobahh()


def fragile(target: str = "") -> Network:
    """States that can blow up, noise, a function in C++ and JAX, infinite parameters, monitors switched off.

    Target native refuses functions of the user, so that for it there is none.
    """

    @implementation("jax", lambda x: x**3)
    @implementation("cpp", "static inline double cubed(double x) { return x*x*x; }")
    @check_units(x=1, result=1)
    def cubed(x):
        return x**3

    cells = NeuronGroup(
        3,
        "dv/dt = v**2/second : 1\nlimit : 1\nnoise : 1\ncube : 1",
        threshold="v > limit",
        reset="v = 0",
        method="euler",
        namespace={"cubed": cubed},
        name="cells",
    )
    cells.limit = np.inf
    cells.run_regularly("noise = randn()\ncube = " + ("noise**3" if target == "native" else "cubed(noise)"))
    synapses = Synapses(
        cells, cells, "dg/dt = g**2/second : 1 (clock-driven)", method="euler", name="synapses", namespace={}
    )
    synapses.connect(i=[0, 1, 2], j=[1, 2, 0])
    silent = [SpikeMonitor(cells, name="silent_spikes"), StateMonitor(cells, "v", record=True, name="silent_states")]
    for monitor in silent:
        monitor.active = False
    recorded = StateMonitor(cells, ["noise", "cube"], record=True, when="end", name="noises")
    return Network(cells, synapses, recorded, *silent)


def single(**changes: object) -> Network:
    """For whatever needs only some network: two leaky cells, one spiking, and a synapse between them."""
    constants = {"tau": 10 * ms, "drive": 1.5, **changes}
    cells = NeuronGroup(
        2,
        "dv/dt = (drive*int(i == 0) - v)/tau : 1\np : 1 (constant)",
        threshold="v > 1",
        reset="v = 0",
        method="euler",
        namespace=constants,
        name="cells",
    )
    synapse = Synapses(cells, cells, "w : 1", on_pre="v += w", delay=3 * ms, namespace={}, name="synapse")
    synapse.connect(i=[0], j=[1])
    synapse.w = 0.25
    return brian2.Network(
        cells, synapse, SpikeMonitor(cells, name="spikes"), StateMonitor(cells, "v", record=True, name="trace")
    )


# Those that every target runs, and for how long.
SHARED = {
    "cuba": (cuba_network, 500 * ms),
    "cobahh": (cobahh_network, 100 * ms),
    "plastic": (plastic, 300 * ms),
    "driven": (driven, 200 * ms),
    "varied": (varied, 100 * ms),
}
