"""Networks that are wrong on purpose end in one line of ours on every target, never in an exception of another library.

``BIOPLAST_WRONG_NETWORKS`` is how many are put together at random: a few in each run of the tests, always the same.
The C++ is generated and not compiled.
"""

from __future__ import annotations

import copy
import dataclasses
import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from brian2 import (
    Hz,
    Network,
    NeuronGroup,
    PoissonGroup,
    PopulationRateMonitor,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    check_units,
    ms,
    nA,
    second,
)
from hypothesis import assume, event, given, seed, settings
from hypothesis import strategies as st

import bioplast
from bioplast.errors import BioplastError
from bioplast.program import network as net
from bioplast.program.cpp.lowering import lower

EXAMPLES = int(os.environ.get("BIOPLAST_WRONG_NETWORKS", "20"))

EQUATIONS = "dv/dt = (1.2 - v)/(5*ms) : 1\nx : 1\nk : integer\nb : boolean\nu : volt"


@dataclasses.dataclass
class Parts:
    """What a network is made of."""

    equations: list[str] = dataclasses.field(default_factory=lambda: [EQUATIONS])
    threshold: str | None = "v > 1"
    reset: str | None = "v = 0"
    method: Any = "euler"
    options: dict[str, Any] = dataclasses.field(default_factory=dict)
    namespace: dict[str, Any] = dataclasses.field(default_factory=dict)
    synapses: str = "w : 1"
    on_pre: str = "v_post += w"
    connect: bool = True
    regularly: list[tuple[str, dict[str, Any]]] = dataclasses.field(default_factory=list)
    after: list[Callable[[Network], Any]] = dataclasses.field(default_factory=list)
    more: list[Callable[[Any, Any], Any]] = dataclasses.field(default_factory=list)

    def network(self) -> Network:
        group = NeuronGroup(
            2, "\n".join(self.equations), threshold=self.threshold, reset=self.reset, method=self.method,
            namespace=self.namespace, name="cells", **self.options,
        )  # fmt: skip
        synapses = Synapses(group, group, self.synapses, on_pre=self.on_pre, name="synapses", namespace={})
        if self.connect:
            synapses.connect()
        made = Network(group, synapses)
        for code, options in self.regularly:
            made.add(group.run_regularly(code, **options))
        for make in self.more:
            made.add(make(group, synapses))
        for change in self.after:
            change(made)
        return made


def equation(text, **namespace):
    """An equation, whose variable is used where it has a chance to be computed."""

    def apply(parts):
        parts.equations.append(text)
        parts.namespace |= namespace
        parts.more.append(
            lambda group, _: StateMonitor(group, text.split()[0].split("/")[0].removeprefix("d"), record=True)
        )

    return apply


def regularly(code, **options):
    return lambda parts: parts.regularly.append((code, options))


def part(**changes):
    def apply(parts):
        for name, value in changes.items():
            setattr(parts, name, copy.deepcopy(value))  # Brian2 adds to the events that it is given

    return apply


def afterwards(change):
    return lambda parts: parts.after.append(change)


def added(make):
    return lambda parts: parts.more.append(make)


@check_units(x=1, result=1)
def python_function(x):
    return x


def without_units(x):
    return x


def two_summed(group, synapses):
    other = Synapses(group, group, "x_post = 1 : 1 (summed)", name="one")
    third = Synapses(group, group, "x_post = 2 : 1 (summed)", name="two")
    other.connect()
    third.connect()
    return other, third


def set_schedule(network):
    network.schedule = ["start", "groups"]


def set_delay(delay):
    def change(network):
        network["synapses"].delay = delay

    return afterwards(change)


MISTAKES = {
    "unknown name": equation("y = nothing*v : 1"),
    "unknown function": equation("y = nothing(v) : 1"),
    "unit of an equation": equation("dz/dt = v : 1"),
    "unit of a subexpression": equation("y = v + u : 1"),
    "unit of an argument": equation("y = exp(u) : 1"),
    "too few arguments": equation("y = exp() : 1"),
    "a function as a number": equation("y = exp*v : 1"),
    "a number as a function": equation("y = c(v) : 1", c=3.0),
    "text in the namespace": equation("y = c*v : 1", c="text"),
    "a list in the namespace": equation("y = c*v : 1", c=[1, 2]),
    "an array in the namespace": equation("y = c*v : 1", c=np.array([1.0, 2.0])),
    "a complex constant": equation("y = c*v : 1", c=1j),
    "NaN in the namespace": equation("y = c*v : 1", c=float("nan")),
    "a function in Python": equation("y = f(v) : 1", f=python_function),
    "a function without units": equation("y = f(v) : 1", f=without_units),
    "a TimedArray of another unit": equation("y = table(t) : 1", table=TimedArray([1, 2] * nA, dt=1 * ms)),
    "a column too many": equation("y = table(t, i) : 1", table=TimedArray([1, 2], dt=1 * ms)),
    "a column too few": equation("y = table(t) : 1", table=TimedArray([[1, 2]], dt=1 * ms)),
    "a column that is missing": equation("y = table(t, i) : 1", table=TimedArray([[1], [2]], dt=1 * ms)),
    "a column that is no whole number": equation("y = table(t, v) : 1", table=TimedArray([[1, 2]], dt=1 * ms)),
    "NaN in a TimedArray": equation("y = table(t) : 1", table=TimedArray([np.nan, 2], dt=1 * ms)),
    "a huge power": equation("y = 10**400*v : 1"),
    "division by zero": equation("y = v/0 : 1"),
    "nothing linked": part(equations=[EQUATIONS, "y : 1 (linked)"]),
    "no linear equation": part(equations=[EQUATIONS, "dz/dt = -z**2/ms : 1"], method="exact"),
    "noise in rk4": part(equations=[EQUATIONS, "dz/dt = -z/ms + xi*ms**-0.5 : 1"], method="rk4"),
    "unknown method": part(method="eular"),
    "a method that breaks": part(method=lambda equations, variables, method_options=None: 1 / 0),
    "a threshold of another unit": part(threshold="v > 1*mV"),
    "a threshold that is no condition": part(threshold="v"),
    "a threshold that does not parse": part(threshold="v > > 1"),
    "unknown name in the threshold": part(threshold="v > theta"),
    "unknown name in the reset": part(reset="v = v_reset"),
    "a reset of another unit": part(reset="v = 1*mV"),
    "a reset that does not parse": part(reset="v = (1"),
    "refractory of another unit": part(options={"refractory": 2 * nA}),
    "refractory without a unit": part(options={"refractory": 3}),
    "unknown refractory": part(options={"refractory": "tau"}),
    "an event without a condition": part(options={"events": {"e": "v"}}),
    "no time step": part(options={"dt": 0 * ms}),
    "a negative time step": part(options={"dt": -1 * ms}),
    "NaN as time step": part(options={"dt": float("nan") * ms}),
    "an endless time step": part(options={"dt": float("inf") * ms}),
    "single precision": part(options={"dtype": {"x": np.float32}}),
    "unknown variable of a target": part(on_pre="nope_post += 1"),
    "a weight of another unit": part(on_pre="v_post += 1*mV"),
    "code that does not parse": part(on_pre="v_post += "),
    "an order that matters": part(on_pre="v_post = v_post*0.5 + w"),
    "two names of one variable": part(on_pre="v_pre += 1\nv_post += w"),
    "no event-driven solution": part(synapses="w : 1\nda/dt = -a**2/ms : 1 (event-driven)"),
    "no connection": part(connect=False),
    "two summed variables": added(two_summed),
    "unknown name in a step": regularly("x = nope"),
    "a step of another unit": regularly("x = 1*mV"),
    "a step that does not parse": regularly("x = = 3"),
    "a slot that does not exist": regularly("x = 3", when="lunch"),
    "a step without a time": regularly("x = 3", dt=0 * ms),
    "an index": regularly("x = v[0]"),
    "an attribute": regularly("x = v.real"),
    "a condition in a statement": regularly("if v > 1: x = 2"),
    "an expression with a condition": regularly("x = 1 if v > 0 else 2"),
    "two comparisons": regularly("b = 0 < v < 1"),
    "bits": regularly("k = k & 1"),
    "a shift": regularly("k = k << 1"),
    "a matrix product": regularly("x = x @ v"),
    "a power of a unit": regularly("x = 2**u"),
    "an import": regularly("import os"),
    "a string": regularly("x = 'abc'"),
    "a huge whole number": regularly("k = 99999999999999999999"),
    "whole numbers of numbers": regularly("k += x"),
    "not of a number": regularly("b = not v"),
    "truth of numbers": regularly("b = v and x"),
    "a schedule without slots": afterwards(set_schedule),
    "a negative delay": set_delay(-1 * ms),
    "an endless delay": set_delay(float("inf") * second),
    "NaN as delay": set_delay(float("nan") * ms),
    "unknown name in what is recorded": lambda parts: (
        parts.equations.append("y = nothing : 1"),
        parts.more.append(lambda group, _: StateMonitor(group, "y", record=True)),
    ),
    "unknown rates": added(lambda *_: PoissonGroup(2, rates="nothing*Hz")),
    "rates of another unit": added(lambda *_: PoissonGroup(2, rates="3*mV")),
    "rates that are no number": added(lambda *_: PoissonGroup(2, rates=np.array([np.nan, 1]) * Hz)),
    "a rate of a part": added(lambda group, _: PopulationRateMonitor(group[:1])),
    "a part that spikes": added(lambda group, _: SpikeMonitor(group[:1], variables="x")),
}


def entered(network, target):
    """Compile and run, on cpp up to the C++."""
    if target == "cpp":
        net.check(network)
        lower(network, {})
    else:
        bioplast.compile(network, 0.3 * ms, target, namespace={})(seed=1)


def assert_one_line(make, target):
    """Whether a network is accepted; what refuses it is one line of ours."""
    try:
        entered(make(), target)
    except BioplastError as error:
        assert str(error).strip()
        assert "\n" not in str(error)
        return False
    return True


def put_together(names):
    parts = Parts()
    for name in names:
        MISTAKES[name](parts)
    return parts.network()


def test_nothing_is_wrong_without_a_mistake():
    for target in ("numpy", "cpp", "jax"):
        assert assert_one_line(Parts().network, target)


@seed(2004)
@settings(max_examples=EXAMPLES, deadline=None)
@given(
    st.lists(st.sampled_from(sorted(MISTAKES)), min_size=1, max_size=3, unique=True),
    st.sampled_from(["numpy", "cpp", "jax"]),
)
def test_mistakes_at_random_are_one_line(names, target):
    try:
        put_together(names)
    except Exception:  # what Brian2 itself refuses to make
        assume(False)
    event("accepted" if assert_one_line(lambda: put_together(names), target) else "refused")


@pytest.mark.parametrize("target", ["numpy", "cpp", "jax"])
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("no time step", r"'cells': dt is 0 s, a time step that is positive and finite is accepted"),
        ("a negative time step", r"'cells': dt is -0.001 s"),
        ("NaN as time step", r"'cells': dt is nan s"),
        (
            "a schedule without slots",
            r"runs in the slot '\w+', which is not in the schedule .* accepted: start, groups, ",
        ),
        ("a slot that does not exist", r"'cells_run_regularly' runs in the slot 'lunch'"),
        ("unknown method", r"unknown method of 'cells' 'eular': did you mean 'euler'"),
        ("unknown variable of a target", r"'synapses_pre': the name 'nope_post' is not known"),
        ("unit of a subexpression", r"'cells': Inconsistent units in subexpression y: Expression 'v \+ u'"),
        ("unit of an argument", r"Expression 'u' has units \(volt\), but should be \(1\)"),
        ("a power of a unit", r"'cells_run_regularly': in 'x = 2\*\*u': Value u is not constant"),
        ("two summed variables", r"Multiple 'summed variables' target the variable 'x' in group 'cells'"),
        ("a complex constant", r"imaginary part|no real number|is no number"),
    ],
)
def test_a_mistake_is_named(name, told, target):
    with pytest.raises(BioplastError, match=told):
        entered(put_together([name]), target)


@pytest.mark.parametrize("delay", ["a negative delay", "an endless delay", "NaN as delay"])
@pytest.mark.parametrize("target", ["numpy", "jax"])
def test_delays_of_the_network_itself_are_checked(delay, target):
    with pytest.raises(
        BioplastError, match=r"'synapses_pre.delay': delays that are finite and not negative are accepted"
    ):
        entered(put_together([delay]), target)


def resting(period):
    model = "dv/dt = (2 - v)/(10*ms) : 1 (unless refractory)\nperiod : second"
    cells = NeuronGroup(
        2, model, threshold="v > 1", reset="v = 0", refractory="period", method="exact", name="cells", namespace={}
    )
    cells.period = period * second
    return Network(cells, SpikeMonitor(cells, name="spikes"))


@pytest.mark.parametrize("target", ["numpy", "jax", "native"])
def test_a_refractory_period_that_is_no_number_of_steps_is_refused(target):
    """Brian2 counts it in 64 bits: 2^63 steps of 0.1 ms, 9.22e14 s, are none."""
    told = r"'cells.period' is a refractory period of {} s: below 9.22e\+14 s is accepted"
    with pytest.raises(BioplastError, match=told.format("inf")):
        bioplast.compile(resting([0.005, np.inf]), 30 * ms, target, namespace={})()
    program = bioplast.compile(resting([0.005, 1000]), 30 * ms, target, namespace={})
    # ln 2 of 10 ms until the first spike, and as long again and 5 ms until each other
    assert program().counts["spikes"].tolist() == [2, 1]
    for period, name in ((1e15, r"1e\+15"), (np.nan, "nan")):
        with pytest.raises(BioplastError, match=told.format(name)):
            program(values={"cells.period": [0.001, period] * second})
        with pytest.raises(BioplastError, match=told.format(name)):
            program.batch(values={"cells.period": [[0.001, 0.002], [0.001, period]] * second})


def test_an_empty_network_is_refused():
    for target in ("numpy", "jax"):
        with pytest.raises(BioplastError, match="the network has no objects"):
            bioplast.compile(Network(), 1 * ms, target, namespace={})
