"""What happens when: slots and orders within a step, and clocks of several steps."""

from __future__ import annotations

import numpy as np
from brian2 import EventMonitor, Network, PopulationRateMonitor, SpikeMonitor, StateMonitor, Synapses, linked_var, ms

from .making import cells, network, recorded
from .synapses import all_to_all


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
