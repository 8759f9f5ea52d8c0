"""Connections, delays, pathways, and the equations of synapses."""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2 import Network, NeuronGroup, StateMonitor, Synapses, ms

from .making import cells, generator, network, recorded


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
