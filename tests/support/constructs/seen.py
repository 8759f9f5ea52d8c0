"""Which constructs of Brian2 a network has, as its objects tell, and not the name that somebody gave it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from brian2 import (
    EventMonitor,
    Network,
    NeuronGroup,
    PoissonGroup,
    PoissonInput,
    PopulationRateMonitor,
    Quantity,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Subgroup,
    Synapses,
    TimedArray,
)
from brian2.core.functions import DEFAULT_FUNCTIONS
from brian2.equations.equations import SUBEXPRESSION
from brian2.groups.group import CodeRunner
from brian2.groups.neurongroup import Resetter, Thresholder
from brian2.parsing.expressions import is_boolean_expression
from brian2.synapses.synapses import SynapticPathway
from brian2.utils.stringtools import get_identifiers

Objects = list[Any]
DRAWING = {"rand", "randn", "poisson"}
METHODS = (
    "euler",
    "rk2",
    "rk4",
    "heun",
    "milstein",
    "exact",
    "linear",
    "independent",
    "exponential_euler",
    "sequential",
)
MONITORS = (EventMonitor, SpikeMonitor, StateMonitor, PopulationRateMonitor)


def some(kind: Any, condition: Callable[[Any], bool] = lambda found: True) -> Callable[[Objects], bool]:
    """Whether an object of this class (or one of these) meets the condition."""
    return lambda objects: any(condition(found) for found in objects if isinstance(found, kind))


def equation(condition: Callable[[Any], bool]) -> Callable[[Objects], bool]:
    """Whether the user wrote an equation, of neurons or synapses, that meets the condition."""

    def written(group: Any) -> bool:
        return any(condition(line) for line in getattr(group, "user_equations", group.equations).values())

    return some((NeuronGroup, Synapses), written)


def flag(name: str) -> Callable[[Objects], bool]:
    return equation(lambda line: name in line.flags)


def integrated(method: str, noisy: bool = False) -> Callable[[Objects], bool]:
    def by_it(group: Any) -> bool:
        updater = group.state_updater
        if updater is None or not updater.group.equations.diff_eq_names:
            return False
        return updater.method_choice == method and (group.equations.stochastic_type is not None) == noisy

    return some((NeuronGroup, Synapses), by_it)


def refractory(form: str) -> Callable[[Objects], bool]:
    def is_so(group: Any) -> bool:
        period = group._refractory
        if period is False or isinstance(period, Quantity):
            return period is not False and form == "a fixed time"
        condition = is_boolean_expression(period, group.variables)
        return form == ("a condition" if condition else "a time of each neuron")

    return some(NeuronGroup, is_so)


def timed_array(dimensions: int) -> Callable[[Objects], bool]:
    def has_one(group: Any) -> bool:
        return any(isinstance(v, TimedArray) and v.values.ndim == dimensions for v in (group.namespace or {}).values())

    return some((NeuronGroup, Synapses), has_one)


def functions_of(objects: Objects) -> set[str]:
    """The functions of Brian2 that equations, conditions and code call."""
    texts: list[str] = []
    for found in objects:
        if isinstance(found, NeuronGroup):
            texts += [str(found.user_equations), *found.events.values()]
        texts += [str(found.equations)] if isinstance(found, Synapses) else []
        texts += [found.code] if isinstance(found, SynapticPathway) else []
        texts += [found.abstract_code] if type(found) is CodeRunner else []
    return {name for text in texts for name in get_identifiers(text)} & set(DEFAULT_FUNCTIONS)


def connectivity(synapses: Any) -> str:
    i, j = np.asarray(synapses.i[:]), np.asarray(synapses.j[:])
    if not len(i):
        return "none"
    if len(set(zip(i, j, strict=True))) < len(i):
        return "several of a pair"
    pairs = len(synapses.source) * len(synapses.target)
    return "all to all" if len(i) == pairs else "one to one" if len(i) > 1 and (i == j).all() else "sparse"


def connected(how: str) -> Callable[[Objects], bool]:
    return some(Synapses, lambda synapses: connectivity(synapses) == how)


def delay(pathway: Any) -> str:
    variable = pathway.variables["delay"]
    if not np.any(variable.get_value()):
        return "none"
    return "one" if variable.scalar else "each"


def delayed(how: str) -> Callable[[Objects], bool]:
    return some(SynapticPathway, lambda pathway: len(pathway.synapses) > 0 and delay(pathway) == how)


def scheduled(condition: Callable[[Any], bool]) -> Callable[[Objects], bool]:
    """Whether code of run_regularly or a monitor of states meets the condition, whose schedule is the user's choice."""
    return lambda objects: any(type(found) in (CodeRunner, StateMonitor) and condition(found) for found in objects)


def code_every_so_often(kind: Any) -> Callable[[Objects], bool]:
    return some(CodeRunner, lambda runner: type(runner) is CodeRunner and isinstance(runner.group, kind))


CONSTRUCTS: dict[str, Callable[[Objects], bool]] = {
    **{f"method {method}": integrated(method) for method in METHODS},
    **{f"noise by {method}": integrated(method, noisy=True) for method in ("euler", "heun", "milstein")},
    "threshold": some(NeuronGroup, lambda group: "spike" in group.events),
    "random threshold": some(NeuronGroup, lambda group: bool(DRAWING & get_identifiers(group.events.get("spike", "")))),
    "reset": some(NeuronGroup, lambda group: "spike" in group.resetter),
    "no reset": some(NeuronGroup, lambda group: "spike" in group.events and "spike" not in group.resetter),
    "custom event": some(Thresholder, lambda found: found.event != "spike"),
    "code of a custom event": some(Resetter, lambda found: found.event != "spike"),
    "refractory for a fixed time": refractory("a fixed time"),
    "refractory for a time of each neuron": refractory("a time of each neuron"),
    "refractory under a condition": refractory("a condition"),
    "unless refractory": flag("unless refractory"),
    "run_regularly of neurons": code_every_so_often(NeuronGroup),
    "run_regularly of synapses": code_every_so_often(Synapses),
    "subexpression": equation(lambda line: line.type == SUBEXPRESSION and not line.flags),
    "constant over dt": flag("constant over dt"),
    "shared": flag("shared"),
    "linked": flag("linked"),
    "integers or booleans": equation(lambda line: line.var_type != "float"),
    "TimedArray of time": timed_array(1),
    "TimedArray of time and neuron": timed_array(2),
    "functions": lambda objects: bool(functions_of(objects) - DRAWING),
    "random numbers in code": lambda objects: bool(functions_of(objects) & DRAWING),
    "synapses all to all": connected("all to all"),
    "synapses one to one": connected("one to one"),
    "sparse synapses": connected("sparse"),
    "several synapses of a pair": connected("several of a pair"),
    "no synapses": connected("none"),
    "recurrent synapses": some(Synapses, lambda synapses: synapses.source is synapses.target),
    "synapses of a subgroup": some(Synapses, lambda s: Subgroup in (type(s.source), type(s.target))),
    "several pathways": some(Synapses, lambda s: len([p for p in s._pathways if p.prepost == "pre"]) > 1),
    "on_post": some(SynapticPathway, lambda pathway: pathway.prepost == "post"),
    "synapses that multiply": some(SynapticPathway, lambda pathway: "*=" in pathway.code),
    "pathway of a custom event": some(SynapticPathway, lambda pathway: pathway.event != "spike"),
    "no delay": delayed("none"),
    "one delay": delayed("one"),
    "a delay of each synapse": delayed("each"),
    "event-driven": some(Synapses, lambda synapses: bool(synapses.event_driven)),
    "clock-driven": flag("clock-driven"),
    "summed": some(Synapses, lambda synapses: bool(synapses.summed_updaters)),
    "SpikeGeneratorGroup": some(SpikeGeneratorGroup),
    "SpikeGeneratorGroup with a period": some(SpikeGeneratorGroup, lambda group: group.period_[:] > 0),
    "PoissonGroup": some(PoissonGroup),
    "PoissonInput": some(PoissonInput),
    "SpikeMonitor": some(SpikeMonitor),
    "EventMonitor": some(EventMonitor, lambda monitor: not isinstance(monitor, SpikeMonitor)),
    "StateMonitor of neurons": some(StateMonitor, lambda monitor: not isinstance(monitor.source, Synapses)),
    "StateMonitor of synapses": some(StateMonitor, lambda monitor: isinstance(monitor.source, Synapses)),
    "PopulationRateMonitor": some(PopulationRateMonitor),
    "monitor of a subgroup": some(MONITORS, lambda monitor: isinstance(monitor.source, Subgroup)),
    "order within a slot": scheduled(lambda found: found.order != 0),
    "another slot": scheduled(lambda found: found.when != "start"),
    "several clocks": lambda objects: len(steps_in(objects)) > 1,
}


def steps_in(objects: Objects) -> list[float]:
    """The steps of the clocks that objects run on (ms)."""
    return sorted({round(1000 * found.clock.dt_, 9) for found in objects})


def steps_of(network: Network) -> list[float]:
    """The steps of a network's clocks (ms)."""
    return steps_in(network.sorted_objects)


def what_it_has(network: Network) -> list[str]:
    """The constructs that a network has."""
    objects = network.sorted_objects
    return [construct for construct, found in CONSTRUCTS.items() if found(objects)]
