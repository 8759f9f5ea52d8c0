"""What neurons do: methods, expressions, variables of every kind, refractoriness, events."""

from __future__ import annotations

import brian2
import numpy as np
from brian2 import EventMonitor, Network, NeuronGroup, Synapses, linked_var, ms, mV

from .making import cells, generator, network, recorded

# What each method integrates; a stochastic one says what noise it can have.
EQUATIONS = {
    "smooth": "dv/dt = (1.5 + 0.1*i - v + 0.2*sin(x))/(5*ms) : 1\ndx/dt = (v - 0.5*x*x)/(9*ms) : 1",
    "linear": "dv/dt = (1.5 + 0.1*i - v + x)/(5*ms) : 1\ndx/dt = -x/(9*ms) : 1",
    "conditionally linear": "dv/dt = (1.5 + 0.1*i - v*(1 + x**2))/(5*ms) : 1\ndx/dt = (v**2 - x)/(9*ms) : 1",
}


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
