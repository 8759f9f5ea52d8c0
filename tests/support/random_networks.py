"""Networks that hypothesis puts together: two groups and a generator, and synapses between any of them."""

from __future__ import annotations

import numpy as np
from brian2 import Network, NeuronGroup, SpikeGeneratorGroup, SpikeMonitor, StateMonitor, Synapses, ms
from hypothesis import strategies as st

number = st.integers(1, 6)
# Hypothesis mixes numbers of three digits that it finds in loaded modules into the ones it draws; without them, the
# networks of a seed depend on nothing else that runs.
seeds = st.tuples(st.integers(0, 99), st.integers(0, 99))

# Of the membrane: equations, the methods that integrate them, and what else they have.
MEMBRANES = {
    "leaky": ("dv/dt = (drive - v + g)/(4*ms) : 1{flag}", ("exact", "euler", "rk4", "exponential_euler")),
    "quadratic": ("dv/dt = (v**2 - v + drive - 0.3 + g)/(4*ms) : 1{flag}", ("euler", "rk2", "heun")),
    "adaptive": (
        "dv/dt = (drive - v + g - a)/(4*ms) : 1{flag}\nda/dt = (0.3*v - a)/(20*ms) : 1",
        ("euler", "rk4"),  # SymPy takes minutes for the exact solution
    ),
    "conductance": ("dv/dt = (drive*(1.5 - v) - g*(v + 0.5))/(4*ms) : 1{flag}", ("exponential_euler", "rk2")),
}
RESETS = ["v = 0", "v -= 1", "v = 0.1*v", "v = 0; g *= 0.5", "v = 0; n += 1"]
REFRACTORY = [False, "1.3*ms", "(0.4 + 0.2*i)*ms", "g > 0.2", "hold"]
DTS = [0.1, 0.1, 0.1, 0.2, 0.25, 0.05]


@st.composite
def groups(draw, name, dts=DTS, regular=0.5):
    """A group of neurons, with a dt of `dts` and at times a run_regularly with a dt of `regular`, both in ms."""
    equations, methods = MEMBRANES[draw(st.sampled_from(sorted(MEMBRANES)))]
    refractory = draw(st.sampled_from(REFRACTORY))
    flag = " (unless refractory)" if refractory is not False and draw(st.booleans()) else ""
    group = NeuronGroup(
        draw(number),
        equations.format(flag=flag)
        + "\ndg/dt = -g/(3*ms) : 1\ndrive : 1\nhold : second\nn : integer\nx = clip(v, 0, 1)*g : 1",
        threshold="v > 1" if draw(st.booleans()) else "v > 1 and g < 5",
        reset=draw(st.sampled_from(RESETS)),
        refractory=refractory,
        method=draw(st.sampled_from(methods)),
        dt=draw(st.sampled_from(dts)) * ms,
        namespace={},
        name=name,
    )
    rng = np.random.default_rng(draw(seeds))
    group.drive = 0.8 + rng.random(len(group))
    group.v = rng.random(len(group))
    group.hold = rng.random(len(group)) * 2 * ms
    if draw(st.booleans()):
        group.run_regularly(draw(st.sampled_from(["v += 0.01*i", "drive *= 0.999", "g += 0.01*x"])), dt=regular * ms)
    return group


PRE = [
    "v_post += w",
    "g_post += w",
    "g_post += w*x_pre",
    "g_post -= 0.3*w; w *= 0.99",
    "v_post = w",
    "g_post *= 1 - w/2",
]
POST = [None, "w = clip(w + 0.01, 0, 0.5)", "v_pre -= w/10"]
PLASTIC = (
    "w : 1\ndp/dt = -p/(6*ms) : 1 (event-driven)\ndq/dt = -q/(9*ms) : 1 (event-driven)",
    "g_post += w; p += 0.1; w = clip(w - q, 0, 0.6)",
    "q += 0.05; w = clip(w + p, 0, 0.6)",
)


@st.composite
def synapses(draw, name, source, target, spikes_only):
    model, pre, post = "w : 1", draw(st.sampled_from(PRE)), draw(st.sampled_from(POST))
    if draw(st.integers(0, 3)) == 0:
        model, pre, post = PLASTIC
    if spikes_only:  # the source has no variables
        pre, post = pre.replace("*x_pre", ""), None if post and "_pre" in post else post
    made = Synapses(source, target, model, on_pre=pre, on_post=post, namespace={}, name=name)
    kind = draw(st.sampled_from(["all", "one", "some", "twice", "none"]))
    rng = np.random.default_rng(draw(seeds))
    if kind == "all":
        made.connect()
    elif kind == "one":
        made.connect(condition="i == j")
    else:
        i, j = np.nonzero(rng.random((len(source), len(target))) < (0 if kind == "none" else 0.4))
        if len(i):
            made.connect(i=np.repeat(i, 2 if kind == "twice" else 1), j=np.repeat(j, 2 if kind == "twice" else 1))
        else:
            made.connect(condition="i < 0")
    if len(made):
        made.w = rng.random(len(made)) * 0.4
        delay = draw(st.sampled_from(["none", "one", "each"]))
        if delay == "one":
            made.pre.delay = draw(st.sampled_from([0.1, 0.5, 1.7])) * ms
        elif delay == "each":
            made.pre.delay = rng.random(len(made)) * 3 * ms
    return made


@st.composite
def random_networks(draw):
    """Two groups and a generator, and synapses between any of them."""
    rng = np.random.default_rng(draw(seeds))
    steps, neurons = np.nonzero(rng.random((100, 4)) < 0.08)
    source = SpikeGeneratorGroup(4, neurons, steps * 0.1 * ms, dt=0.1 * ms, name="source")
    made = [draw(groups("one")), draw(groups("two"))]
    objects = [source, *made]
    for k in range(draw(st.integers(1, 3))):
        before = draw(st.sampled_from([source, *made]))
        after = draw(st.sampled_from(made))
        part = after[: draw(st.integers(1, len(after)))] if draw(st.booleans()) else after
        objects.append(draw(synapses(f"synapses_{k}", before, part, before is source)))
    for group in made:
        objects.append(SpikeMonitor(group, ["v", "n"], name=f"{group.name}_spikes"))
        states = StateMonitor(group, ["v", "g", "x"], record=True, name=f"{group.name}_states", dt=group.clock.dt)
        # right before each threshold, in the same step
        name = f"{group.name}_margin"
        margin = StateMonitor(group, "v", record=True, name=name, dt=group.clock.dt, when="thresholds", order=-1)
        objects += [states, margin]
    return Network(*objects)
