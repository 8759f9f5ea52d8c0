"""One small network for each thing that Brian2's equations, synapses and monitors can do, by its name.

Every network moves: its monitors see spikes or changing states, so that a construct that is left out shows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import brian2
import numpy as np
from brian2 import (
    EventMonitor,
    Hz,
    Network,
    NeuronGroup,
    PoissonGroup,
    PoissonInput,
    PopulationRateMonitor,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    linked_var,
    ms,
    mV,
)

import bioplast.definition  # noqa: F401 - registers the method "sequential"

NETWORKS: dict[str, Callable[[], Network]] = {}
DURATION = 30 * ms
# What each method integrates; a stochastic one says what noise it can have.
EQUATIONS = {
    "smooth": "dv/dt = (1.5 + 0.1*i - v + 0.2*sin(x))/(5*ms) : 1\ndx/dt = (v - 0.5*x*x)/(9*ms) : 1",
    "linear": "dv/dt = (1.5 + 0.1*i - v + x)/(5*ms) : 1\ndx/dt = -x/(9*ms) : 1",
    "conditionally linear": "dv/dt = (1.5 + 0.1*i - v*(1 + x**2))/(5*ms) : 1\ndx/dt = (v**2 - x)/(9*ms) : 1",
}


def network(make: Callable[[], Any]) -> Callable[[], Any]:
    NETWORKS[make.__name__] = make
    return make


def recorded(group: Any, variables: Any = True, **options: Any) -> list[Any]:
    """The group with a monitor of its spikes (when it has any) and of its states."""
    found = [group, StateMonitor(group, variables, record=True, name=f"{group.name}_states", **options)]
    if "spike" in getattr(group, "events", {}):
        found.append(SpikeMonitor(group, name=f"{group.name}_spikes"))
    return found


def cells(equations: str, number: int = 4, name: str = "cells", **options: Any) -> NeuronGroup:
    options = {"threshold": "v > 1", "reset": "v = 0", "method": "euler", "namespace": {}} | options
    return NeuronGroup(number, equations, name=name, **options)


def generator(number: int = 6, rate: float = 0.05, seed: int = 3, **options: Any) -> SpikeGeneratorGroup:
    steps, neurons = np.nonzero(np.random.default_rng(seed).random((300, number)) < rate)
    return SpikeGeneratorGroup(number, neurons, steps * 0.1 * ms, name="generator", **options)


@network
def methods() -> Network:
    """Every method that is deterministic and explicit, exact or of Euler's kind."""
    groups = []
    for method in ("euler", "rk2", "rk4", "heun", "milstein", "exact", "linear", "exponential_euler", "sequential"):
        kind = {"exact": "linear", "exponential_euler": "conditionally linear"}.get(method, "smooth")
        kind = "linear" if method == "linear" else kind
        options = {"method_options": {"order": ("v", "x")}} if method == "sequential" else {}
        group = cells(EQUATIONS[kind], name=method, method=method, **options)
        group.x = 0.3
        groups.append(recorded(group))
    alone = cells("dv/dt = (1.5 + 0.1*i - v)/(5*ms) : 1", name="independent", method="independent")
    return Network(*groups, recorded(alone))


# Neurons -------------------------------------------------------------------------------------------------------------


@network
def arithmetic() -> Network:
    """Whole numbers, truth values and every operator, with operands of either sign."""
    group = NeuronGroup(
        7,
        """
        k : integer
        n : integer (constant)
        b : boolean
        x : 1
        y : 1
        z : 1
        """,
        method="euler",
        namespace={"five": 5, "half": 0.5},
        name="cells",
    )
    group.n = [-7, -3, -2, 2, 3, 5, 7]
    group.x = [-2.513, -1.621, -0.589, 0.417, 1.503, 2.614, 3.551]
    group.run_regularly(
        """
        k = k + (n + k) % five
        b = not (k % 2 == 0) and (x > 0 or n < 0) or (n != k)
        y = k // n + n / 3 + x // half + x % 0.7 + (-x) % 0.7 + int(x) - int(b) * five
        z = z + n**2 + x**2 + abs(x)**1.5 + x**3 + 2**x + (x + 4)**-2 - floor(x) + ceil(x * 3)
        x = -x + 0.012345678 * k
        """
    )
    return Network(recorded(group, ["k", "b", "x", "y", "z"]))


@network
def functions() -> Network:
    group = NeuronGroup(5, "x : 1\na : 1\nb : 1\nc : 1\nd : 1", method="euler", namespace={}, name="cells")
    group.x = [0.0, 0.1, 0.4, 0.7, 0.95]
    group.run_regularly(
        """
        a = sin(x) + cos(x) + tan(x) + sinh(x) + cosh(x) + tanh(x)
        b = arcsin(x) + arccos(x) + arctan(x) + exp(x) + log(x + 1) + log10(x + 1) + sqrt(x)
        c = expm1(x) + log1p(x) + exprel(x) + exprel(-x) + exprel(1000*x) * 0 + abs(x - 0.5) + sign(x - 0.4)
        d = clip(x, 0.2, 0.8) + clip(int(10*x), 2, 7) + timestep(t, dt) + pi + e
        x = (x + 0.013) % 1
        """
    )
    return Network(recorded(group, ["x", "a", "b", "c", "d"]))


@network
def shared_variables() -> Network:
    group = cells("dv/dt = (level - v)/tau : 1\nlevel : 1 (shared)\ntau : second (shared, constant)")
    group.tau, group.level = 5 * ms, 0.5
    group.run_regularly("level = level*1.01 + 0.005", when="end")
    return Network(recorded(group, ["v", "level"]))


@network
def subexpressions() -> Network:
    group = cells(
        """
        dv/dt = (drive - v)/(5*ms) : 1
        drive = outer + 0.1*i : 1
        outer = 1.2 + 0.3*sin(2*pi*t/(7*ms)) : 1 (shared)
        held = clip(v, 0.2, 0.7) : 1 (constant over dt)
        dw/dt = (held - w)/(3*ms) : 1
        """,
        method="rk4",
    )
    return Network(recorded(group, ["v", "drive", "outer", "held", "w"]))


@network
def linked_variables() -> Network:
    one = cells("dv/dt = (1.5 - v)/(5*ms) : 1\nlevel : 1 (shared)")
    one.level = 0.4
    two = cells(
        "dx/dt = (seen + common - x)/(4*ms) : 1\nseen : 1 (linked)\ncommon : 1 (linked)",
        6,
        "others",
        threshold="x > 1.2",
        reset="x = 0",
    )
    two.seen = linked_var(one, "v", index=np.array([3, 2, 1, 0, 1, 2]))
    two.common = linked_var(one, "level")
    one.run_regularly("level += 0.001*t/ms")
    return Network(recorded(one), recorded(two, ["x", "seen", "common"]))


@network
def refractory_time() -> Network:
    group = cells("dv/dt = (3 + i - v)/(5*ms) : 1 (unless refractory)\nx : 1", refractory=1.3 * ms)
    return Network(recorded(group, ["v", "not_refractory", "lastspike"]))


@network
def refractory_variable() -> Network:
    group = cells(
        "dv/dt = (3 + i - v)/(5*ms) : 1 (unless refractory)\ndw/dt = -w/(8*ms) : 1\nhold : second",
        refractory="hold",
        reset="v = 0; w += 0.2; hold = (0.5 + w)*ms",
        method="exact",
    )
    group.hold = 1 * ms
    return Network(recorded(group, ["v", "w", "hold", "not_refractory"]))


@network
def refractory_condition() -> Network:
    group = cells(
        "dv/dt = (3 + i - v)/(5*ms) : 1 (unless refractory)\ndw/dt = (1 - w)/(4*ms) : 1",
        refractory="w < 0.6",
        reset="v = 0; w = 0",
        method="exponential_euler",
    )
    return Network(recorded(group, ["v", "w", "not_refractory"]))


@network
def refractory_writes() -> Network:
    """Synapses, run_regularly and resets on a variable that refractoriness holds back."""
    group = cells(
        "dv/dt = (2 + 0.3*i - v)/(5*ms) : 1 (unless refractory)", refractory="(1 + 0.5*i)*ms", reset="v = 0.1*i"
    )
    source = generator(rate=0.1)
    synapses = Synapses(source, group, on_pre="v_post += 0.3", namespace={}, name="synapses")
    synapses.connect()
    group.run_regularly("v += 0.01*(1 + i)", dt=0.5 * ms)
    return Network(recorded(group, ["v", "not_refractory"]), source, synapses)


@network
def no_reset() -> Network:
    group = cells("dv/dt = (0.5 + 0.2*i - v)/(5*ms) : 1", reset=None, threshold="v > 0.4 and v < 0.5 or t > 25*ms")
    return Network(recorded(group))


@network
def custom_events() -> Network:
    group = cells(
        "dv/dt = (1.5 + 0.1*i - v)/(5*ms) : 1\nseen : integer\nfirst : 1",
        events={"half": "v > 0.5 and v < 0.55", "low": "v < 0.1"},
    )
    group.run_on_event("half", "seen += 1; first = v + i")
    group.run_on_event("low", "v += 0.001", when="before_groups")
    group.set_event_schedule("low", when="start")
    return Network(
        recorded(group, ["v", "seen", "first"]),
        EventMonitor(group, "half", ["v", "seen"], name="half_events"),
        EventMonitor(group[1:3], "low", ["v"], name="low_events"),
    )


@network
def schedule() -> Network:
    """What happens in each slot, and in which order within one."""
    group = cells("dv/dt = (1.5 + 0.1*i - v)/(5*ms) : 1\nx : 1")
    for k, when in enumerate(("start", "before_groups", "after_thresholds", "synapses", "end", "after_end")):
        group.run_regularly(f"x = 0.9*x + {k + 1}*v/10", when=when)
    group.run_regularly("x *= 1.1", when="end", order=-3)
    monitors = [
        StateMonitor(group, ["v", "x"], record=[2, 0], when=when, name=f"at_{when}")
        for when in ("start", "thresholds", "after_thresholds", "before_resets", "end", "after_end")
    ]
    return Network(group, monitors, SpikeMonitor(group, name="spikes"))


@network
def timed_arrays() -> Network:
    rng = np.random.default_rng(5)
    namespace = {
        "wave": TimedArray(rng.random(12), dt=1 * ms),
        "table": TimedArray(rng.random((100, 4)), dt=0.3 * ms),
        "fine": TimedArray(rng.random(900), dt=0.05 * ms),
    }
    group = cells(
        "dv/dt = (wave(t) + table(t - 2*ms, i) + fine(t + 0.35*ms) - v)/(5*ms) : 1\nlate = wave(t - 5*ms*i) : 1",
        namespace=namespace,
        method="rk4",
    )
    return Network(recorded(group, ["v", "late"]))


@network
def several_clocks() -> Network:
    fast = cells("dv/dt = (1.5 + slow - v)/(5*ms) : 1\nslow : 1 (linked)", dt=0.05 * ms)
    slow = cells(
        "du/dt = (0.5*int(t > 5*ms) - u)/(5*ms) : 1", 4, "slow", threshold="u > 0.3", reset="u = 0", dt=0.2 * ms
    )
    fast.slow = linked_var(slow, "u")
    fast.run_regularly("v += 0.02*t/second", dt=0.4 * ms)
    slow.run_regularly("u += 0.001*t/ms", dt=0.1 * ms)  # twice in each of its steps, the second time with the next t
    synapses = Synapses(slow, fast, on_pre="v_post += 0.2", delay=0.6 * ms, namespace={}, name="synapses")
    synapses.connect(j="i")
    back = Synapses(fast, slow, "w : 1", on_pre="u_post += w", namespace={}, name="back")
    back.connect(j="3 - i")
    back.w = 0.1
    back.delay = np.array([0, 0.05, 0.4, 1.3]) * ms
    return Network(
        recorded(fast, "v", dt=1 * ms),
        recorded(slow, "u"),
        synapses,
        back,
        PopulationRateMonitor(slow, name="slow_rate"),
        PopulationRateMonitor(fast, name="fast_rate"),
        EventMonitor(slow, "spike", ["u"], name="slow_events"),
    )


@network
def clocks_without_a_common_step() -> Network:
    """0.2 and 0.5 ms with spikes in both directions, with delays, and a monitor that keeps 0.3 ms."""
    two = cells("dv/dt = (1.5 + 0.1*i - v)/(5*ms) : 1 (unless refractory)", dt=0.2 * ms, refractory=0.9 * ms)
    five = cells(
        "du/dt = (0.9 + 0.1*i + x - u)/(4*ms) : 1\nx : 1\nlast : second",
        3,
        "five",
        dt=0.5 * ms,
        threshold="u > 0.7",
        reset="u = 0; last = t",
    )
    there = Synapses(two, five, on_pre="x_post += 0.1", delay=1 * ms, dt=0.2 * ms, namespace={}, name="there")
    there.connect()
    back = Synapses(five, two, on_pre="v_post += 0.05", dt=0.5 * ms, namespace={}, name="back")
    back.connect()
    back.delay = "0.5*ms*i"
    return Network(
        recorded(two, "v", dt=0.3 * ms), recorded(five), there, back, PopulationRateMonitor(five, name="five_rate")
    )


@network
def clocks_that_drift_apart() -> Network:
    """Two clocks that meet at the start only, and one that is a multiple of neither."""
    one = cells("dv/dt = (1.5 + 0.1*i - v)/(5*ms) : 1\ny : 1", dt=0.1 * ms)
    other = cells("du/dt = (1.2 - u)/(4*ms) : 1", 4, "other", dt=0.1234 * ms, threshold="u > 0.8", reset="u = 0")
    link = Synapses(other, one, "w : 1\ny_post = w*u_pre : 1 (summed)", name="link", namespace={}, dt=0.1 * ms)
    link.connect(j="i")
    link.w = 0.5
    other.run_regularly("u *= 0.99", dt=0.7777 * ms)
    return Network(recorded(one), recorded(other), link)


@network
def monitors_of_subgroups() -> Network:
    group = cells("dv/dt = (1.5 + 0.1*i - v)/(5*ms) : 1\ng : 1 (shared)", 8)
    part = group[2:6]
    return Network(
        group,
        SpikeMonitor(part, ["v"], name="part_spikes"),
        StateMonitor(part, ["v", "g"], record=[0, 3], name="part_states"),
        PopulationRateMonitor(part, name="part_rate"),
        SpikeMonitor(group, record=False, name="counts"),
        StateMonitor(group, "v", record=False, name="nothing"),
    )


@network
def spike_generators() -> Network:
    periodic = SpikeGeneratorGroup(3, [0, 1, 2, 0], [0, 1.2, 2.4, 3.9] * ms, period=4 * ms, name="periodic")
    once = generator()
    return Network(
        periodic, once, SpikeMonitor(periodic, name="periodic_spikes"), SpikeMonitor(once, name="once_spikes")
    )


@network
def order_of_the_user() -> Network:
    """Spikes arrive before the next threshold test, and what is recorded comes between."""
    network = all_to_all()
    source, target = network["generator"], network["cells"]
    back = Synapses(target, target, on_pre="v_post += 0.1", delay=0.2 * ms, name="back", namespace={})
    back.connect(condition="i != j")
    network.add(back, StateMonitor(target, "v", record=True, name="between", when="thresholds"), SpikeMonitor(source))
    network.schedule = ["start", "groups", "synapses", "thresholds", "resets", "end"]
    return network


@network
def order_of_objects() -> Network:
    """Objects of one slot in an order of their own."""
    group = cells("dv/dt = (1.5 + 0.1*i - v)/(5*ms) : 1\nx : 1")
    group.run_regularly("x = v", when="resets", order=-1)
    group.run_regularly("x += 0.5*v", when="after_resets", order=2)
    group.run_regularly("v += 0.01*x", when="after_resets", order=1)
    return Network(recorded(group, ["v", "x"], when="before_groups"))


@network
def code_of_an_event() -> Network:
    group = cells(
        "dv/dt = (1.5 + 0.1*i - v)/(5*ms) : 1\nhits : integer\nlevel : 1", events={"half": "v > level and v < 0.6"}
    )
    group.level = 0.5
    group.run_on_event("half", "hits += 1; level = 0.5 + 0.001*hits")
    return Network(recorded(group, ["v", "hits", "level"]), EventMonitor(group, "half", ["v"], name="halves"))


@network
def refractory_and_event_of_several_conditions() -> Network:
    group = cells(
        "dv/dt = (3 + i - v)/(5*ms) : 1 (unless refractory)\ndw/dt = (v - w)/(7*ms) : 1",
        threshold="(v > 1 and w < 0.9) or not (w < 1.2)",
        refractory="1*ms + w*ms",
        reset="v = 0; w *= 0.9",
        method="heun",
    )
    return Network(recorded(group, ["v", "w", "not_refractory"]))


# Synapses ------------------------------------------------------------------------------------------------------------


def connected(on_pre: Any, model: str = "w : 1", **options: Any) -> tuple[Any, NeuronGroup, Synapses]:
    source = generator()
    target = cells("dv/dt = (1.1 - v)/(5*ms) : 1\ndg/dt = -g/(3*ms) : 1\nx : 1", 4)
    synapses = Synapses(source, target, model, on_pre=on_pre, name="synapses", namespace={}, **options)
    pre, post = np.nonzero(np.random.default_rng(7).random((6, 4)) < 0.6)
    synapses.connect(i=pre, j=post)
    if "w" in synapses.variables:
        synapses.w = np.random.default_rng(8).random(len(pre)) * 0.2
    return source, target, synapses


@network
def sparse_synapses() -> Network:
    source, target, synapses = connected("v_post += w\ng_post -= 2*w")
    return Network(source, synapses, recorded(target))


@network
def products_and_assignments() -> Network:
    source, target, synapses = connected("g_post *= (1 + w)\nx_post /= (1 + w)\nv_post = 0.3")
    target.g, target.x = 1, [5, 6, 7, 8]
    return Network(source, synapses, recorded(target))


@network
def all_to_all() -> Network:
    source, target = generator(), cells("dv/dt = (0.9 - v)/(5*ms) : 1", 4)
    synapses = Synapses(source, target, "w : 1", on_pre="v_post += w", name="synapses", namespace={})
    synapses.connect()
    synapses.w = np.random.default_rng(2).random(24) * 0.2
    return Network(source, synapses, recorded(target))


@network
def all_to_all_of_many() -> Network:
    """More neurons than a product is taken densely for, from a generator, with a delay, and from a part of a group."""
    source, target = generator(), cells("dv/dt = (0.9 - v)/(5*ms) : 1", 40)
    others = cells("dx/dt = -x/(5*ms) : 1", 37, "others", threshold="x > 0.7", reset="x = 0")
    there = Synapses(source, target, "w : 1", on_pre="v_post += w", delay=0.7 * ms, name="there", namespace={})
    further = Synapses(target[3:20], others[2:], "w : 1", on_pre="x_post += w*v_pre", name="further", namespace={})
    back = Synapses(others, target, "w : 1", on_pre="v_post -= w", name="back", namespace={})
    for k, synapses in enumerate((there, further, back)):
        synapses.connect()
        synapses.w = np.random.default_rng(k).random(len(synapses)) * 0.3 / (1 + 9 * k)
    return Network(source, recorded(target), recorded(others), there, further, back)


@network
def one_to_one() -> Network:
    source, target = generator(), cells("dv/dt = (0.9 - v)/(5*ms) : 1", 6)
    synapses = Synapses(source, target, "w : 1", on_pre="v_post += w", name="synapses", namespace={})
    synapses.connect(j="i")
    synapses.w = np.random.default_rng(2).random(6) * 0.4
    return Network(source, synapses, recorded(target))


@network
def several_synapses_of_a_pair() -> Network:
    source, target = generator(), cells("dv/dt = (0.9 - v)/(5*ms) : 1", 3)
    synapses = Synapses(source, target, "w : 1", on_pre="v_post += w", multisynaptic_index="k", name="synapses")
    synapses.connect(i=[0, 0, 0, 1, 2, 2], j=[1, 1, 1, 0, 2, 2])
    synapses.w = "0.1*(k + 1)"
    synapses.delay = "k*0.7*ms"
    return Network(source, synapses, recorded(target))


@network
def homogeneous_delay() -> Network:
    source, target, synapses = connected("v_post += w", delay=1.7 * ms)
    return Network(source, synapses, recorded(target))


@network
def heterogeneous_delays() -> Network:
    source, target, synapses = connected("v_post += w")
    synapses.delay = np.random.default_rng(4).random(len(synapses)) * 3 * ms
    return Network(source, synapses, recorded(target))


@network
def several_pathways() -> Network:
    source, target, synapses = connected(
        {"up": "v_post += w", "down": "g_post += 0.1", "zero": "w *= 0.99"},
        on_post={"back": "w = clip(w + 0.01, 0, 0.3)"},
        delay={"up": 1 * ms, "down": 0 * ms, "back": 0.5 * ms},
    )
    synapses.zero.delay = np.random.default_rng(4).random(len(synapses)) * 2 * ms
    return Network(source, synapses, recorded(target), StateMonitor(synapses, "w", record=True, name="weights"))


@network
def pathway_of_an_event() -> Network:
    group = cells("dv/dt = (1.5 + 0.1*i - v)/(5*ms) : 1\nx : 1", events={"half": "v > 0.5 and v < 0.6"})
    synapses = Synapses(group, group, on_pre="x_post += 1", on_event="half", delay=0.3 * ms, namespace={})
    synapses.connect(condition="i != j")
    return Network(recorded(group, ["v", "x"]), synapses)


@network
def recurrent_synapses_read_both_sides() -> Network:
    group = cells("dv/dt = (1.3 + 0.1*i - v)/(5*ms) : 1\nx : 1 (constant)\ny : 1", 5)
    group.x = [0.1, 0.2, 0.3, 0.4, 0.5]
    synapses = Synapses(
        group, group, "w : 1\nsaid : 1", on_pre="y_post += w*x_pre/(1 + x_post)\nsaid = v_post - y_pre", namespace={}
    )
    synapses.connect(condition="i != j")
    synapses.w = "0.1*i + 0.03*j"
    return Network(recorded(group, ["v", "y"]), synapses, StateMonitor(synapses, "said", record=True, name="said"))


@network
def event_driven_equations() -> Network:
    source, target, synapses = connected(
        "a += 0.1\nv_post += w\nw = clip(w - c, 0, 0.4)",
        "w : 1\nda/dt = -a/(4*ms) : 1 (event-driven)\ndc/dt = (a - c)/(6*ms) : 1 (event-driven)",
        on_post="c += 0.02\nw = clip(w + a, 0, 0.4)",
    )
    synapses.pre.delay = np.random.default_rng(4).random(len(synapses)) * 3 * ms
    recorded_ = StateMonitor(synapses, ["w", "a", "c", "lastupdate"], record=True, name="weights")
    return Network(source, synapses, recorded(target), recorded_)


@network
def clock_driven_equations() -> Network:
    source, target, synapses = connected(
        "s += w", "w : 1\nds/dt = (0.1*v_post - s)/(4*ms) : 1 (clock-driven)", method="exponential_euler"
    )
    return Network(source, synapses, recorded(target), StateMonitor(synapses, "s", record=True, name="gates"))


@network
def summed_variables() -> Network:
    one = cells("dv/dt = (1.3 + 0.1*i - v)/(5*ms) : 1\ntotal : 1", 5)
    two = cells("dx/dt = (y - x)/(5*ms) : 1\ny : 1", 7, "others", threshold="x > 0.5", reset="x = 0")
    synapses = Synapses(
        one,
        two[2:6],
        "w : 1\ny_post = w*v_pre : 1 (summed)\ntotal_pre = w*x_post : 1 (summed)",
        name="synapses",
        namespace={},
    )
    synapses.connect(condition="i != j")
    synapses.w = "0.1*(i + j)"
    return Network(recorded(one), recorded(two, ["x", "y"]), synapses)


@network
def synapses_of_subgroups() -> Network:
    one = cells("dv/dt = (1.3 + 0.1*i - v)/(5*ms) : 1", 8)
    two = cells("dx/dt = -x/(5*ms) : 1", 7, "others", threshold="x > 0.5", reset="x = 0")
    synapses = Synapses(
        one[3:7], two[2:5], "w : 1", on_pre="x_post += w + 0.01*i + 0.02*j", on_post="v_pre += 0.01", namespace={}
    )
    synapses.connect()
    synapses.w = "0.02*(i + 2*j)"
    return Network(recorded(one), recorded(two), synapses)


@network
def run_regularly_of_synapses() -> Network:
    source, target, synapses = connected("v_post += w", "w : 1\nk : integer\nrate : 1 (shared)")
    synapses.rate = 0.98
    synapses.run_regularly("w = w*rate + 0.001*v_post\nk += int(w > 0.1)\ng_post += 0.01*w", dt=1 * ms)
    return Network(source, synapses, recorded(target), StateMonitor(synapses, ["w", "k"], record=True, name="weights"))


@network
def no_synapses() -> Network:
    source, target = generator(), cells("dv/dt = (1.5 - v)/(5*ms) : 1")
    synapses = Synapses(source, target, "w : 1", on_pre="v_post += w", name="synapses", namespace={})
    synapses.connect(condition="i < 0")
    return Network(source, synapses, recorded(target))


@network
def units() -> Network:
    group = cells(
        "dv/dt = (-60*mV - v + R*I)/tau : volt (unless refractory)\nI : amp\ntau : second (constant)",
        threshold="v > -50*mV",
        reset="v = -60*mV",
        refractory=2 * ms,
        method="exact",
        namespace={"R": 100 * brian2.Mohm},
    )
    group.v, group.tau, group.I = -60 * mV, "(10 + i)*ms", "0.15*nA + 0.02*nA*i"
    return Network(recorded(group, ["v", "not_refractory"]))


# Random numbers, which are drawn in every step -----------------------------------------------------------------------

RANDOM: dict[str, Callable[[], Network]] = {}


def random(make: Callable[[], Network]) -> Callable[[], Network]:
    RANDOM[make.__name__] = make
    return make


@random
def additive_noise() -> Network:
    group = cells("dv/dt = (1.1 - v)/(5*ms) + 0.3*xi/ms**.5 : 1 (unless refractory)", method="euler", refractory=1 * ms)
    return Network(recorded(group, "v"))


@random
def noise_of_two_variables() -> Network:
    """One noise in two equations. (Of two noises it is left open which is drawn first.)"""
    group = cells("dv/dt = (1.1 + x - v)/(5*ms) + 0.1*xi_1/ms**.5 : 1\ndx/dt = -x/ms + 0.2*xi_1/ms**.5 : 1")
    return Network(recorded(group))


@random
def multiplicative_noise_heun() -> Network:
    return Network(recorded(cells("dv/dt = (1.1 - v)/(5*ms) + 0.2*v*xi/ms**.5 : 1", method="heun")))


@random
def multiplicative_noise_milstein() -> Network:
    return Network(recorded(cells("dv/dt = (1.1 - v)/(5*ms) + 0.2*v*xi/ms**.5 : 1", method="milstein")))


@random
def random_thresholds() -> Network:
    group = cells("dv/dt = (1.1 - v)/(5*ms) : 1", threshold="rand() < v*dt/(3*ms)", reset="v = 0")
    return Network(recorded(group))


@random
def poisson_groups() -> Network:
    source = PoissonGroup(5, rates="(50 + 40*i)*Hz*(1 + sin(2*pi*t/(11*ms)))", namespace={}, name="poisson")
    target = cells("dv/dt = -v/(5*ms) : 1", 3)
    synapses = Synapses(source, target, on_pre="v_post += 0.4", namespace={}, name="synapses")
    synapses.connect()
    return Network(source, SpikeMonitor(source, name="poisson_spikes"), synapses, recorded(target))


@random
def poisson_inputs() -> Network:
    target = cells("dv/dt = -v/(5*ms) : 1\ndx/dt = -x/(5*ms) : 1")
    few = PoissonInput(target, "v", N=20, rate=100 * Hz, weight=0.2)
    many = PoissonInput(target, "x", N=2000, rate=100 * Hz, weight="0.01*(1 + i)")
    return Network(recorded(target), few, many)


@random
def shared_and_own_random_numbers() -> Network:
    group = cells("dv/dt = (1.1 + a - v)/(5*ms) : 1\na : 1 (shared)\nb : 1")
    group.run_regularly("a = rand()", dt=1 * ms)
    group.run_regularly("b = 0.5*b + randn()*rand()", dt=0.5 * ms)
    return Network(recorded(group))
