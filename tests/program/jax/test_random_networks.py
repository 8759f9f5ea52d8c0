"""Networks that hypothesis puts together, on target jax against Brian2's NumPy target, or refused.

``BIOPLAST_RANDOM_NETWORKS`` is how many are tried: a few in each run of the tests, since each is compiled, and always
the same; a larger number starts a search of its own. Those that the ledger reports are always the same too.

A spike may fall into another step when a threshold is passed by less than rounding, so a network is left out when the
smallest distance of any neuron from its threshold, in any step, is below 1e-12 of it.
"""

from __future__ import annotations

import os
from collections import Counter

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, SpikeGeneratorGroup, SpikeMonitor, StateMonitor, Synapses, ms
from hypothesis import HealthCheck, Phase, assume, event, given, seed, settings
from hypothesis import strategies as st
from support.fidelity import OUR_NUMPY
from support.parity import TOLERANCE, assert_same

import bioplast
from bioplast.errors import BioplastError, NonFiniteError, Unsupported

EXAMPLES = int(os.environ.get("BIOPLAST_RANDOM_NETWORKS", "5"))
ON_RECORD = 120  # examples that the ledger reports
SEED = 2004
DURATION = 10 * ms

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
def groups(draw, name):
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
        dt=draw(st.sampled_from(DTS)) * ms,
        namespace={},
        name=name,
    )
    rng = np.random.default_rng(draw(seeds))
    group.drive = 0.8 + rng.random(len(group))
    group.v = rng.random(len(group))
    group.hold = rng.random(len(group)) * 2 * ms
    if draw(st.booleans()):
        group.run_regularly(draw(st.sampled_from(["v += 0.01*i", "drive *= 0.999", "g += 0.01*x"])), dt=0.5 * ms)
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


NOT_RUN = "not run by the NumPy target either"
TOO_CLOSE = "left out, closer to a threshold than rounding"
REFUSED = "refused in one line"
AGREE = "agree"


def compared(network):
    """What came of a network, and how it agrees when it does."""
    try:
        expected = bioplast.compile(network, DURATION, "numpy", namespace={})(seed=1)
    except (BioplastError, NonFiniteError):
        return NOT_RUN, None
    margins = [np.abs(expected.states[f"{name}_margin"]["v"] - 1).min() for name in ("one", "two")]
    if min(margins) < 1e-12:
        return TOO_CLOSE, None
    try:
        program = bioplast.compile(network, DURATION, "jax", namespace={})
        found = program(seed=1)
    except Unsupported as refusal:
        assert "synapses_" in str(refusal) or "one" in str(refusal) or "two" in str(refusal)
        assert "\n" not in str(refusal)
        return REFUSED, None
    return AGREE, assert_same(expected, found)


fixed = settings(deadline=None, suppress_health_check=list(HealthCheck))


@settings(fixed, max_examples=EXAMPLES, derandomize=EXAMPLES <= 5)
@given(random_networks())
def test_a_random_network_is_that_of_brian2_or_refused(network):
    outcome, _ = compared(network)
    event(outcome)
    assume(outcome in (AGREE, REFUSED))


@pytest.mark.long
def test_many_random_networks_are_those_of_brian2_or_refused(ledger):
    outcomes, agreements = Counter(), []

    @seed(SEED)
    @settings(fixed, max_examples=ON_RECORD, database=None, phases=[Phase.generate])
    @given(random_networks())
    def each(network):
        outcome, agreement = compared(network)
        outcomes[outcome] += 1
        agreements.append(agreement)

    each()
    agreements = [agreement for agreement in agreements if agreement]
    assert len(agreements) > ON_RECORD / 2
    counts = "; ".join(f"{outcomes[outcome]} {outcome}" for outcome in (AGREE, REFUSED, TOO_CLOSE, NOT_RUN))
    ledger.network(
        "random networks",
        kind="random",
        covers=f"{outcomes.total()} by hypothesis, seed {SEED}; {counts}",
        against=OUR_NUMPY,
        target="jax",
        dt=(),
        duration=DURATION / ms,
        spikes=sum(agreement.spikes for agreement in agreements),
        deviation=max(agreement.deviation for agreement in agreements),
        tolerance=TOLERANCE,
    )


def test_a_margin_below_rounding_would_be_left_out():
    """That the monitor looks at what the threshold looks at."""
    group = NeuronGroup(1, "v : 1", threshold="v > 1", reset="v = 0", namespace={}, name="one", dt=0.1 * ms)
    group.run_regularly("v += 0.25", dt=0.1 * ms)
    margin = StateMonitor(group, "v", record=True, name="margin", when="thresholds", order=-1, dt=0.1 * ms)
    out = bioplast.compile(Network(group, margin), 0.5 * ms, "numpy", namespace={})()
    assert out.states["margin"]["v"][:, 0] == pytest.approx([0.25, 0.5, 0.75, 1.0, 1.25])
