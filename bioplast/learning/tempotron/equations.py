"""The kernel of a tempotron, derived from the equations of a Brian2 network."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import brian2
import numpy as np
import sympy
from brian2.equations.equations import DIFFERENTIAL_EQUATION, SUBEXPRESSION
from brian2.parsing.sympytools import str_to_sympy

from ...errors import BioplastError, UnknownName, Unsupported
from ...program import Program
from . import voltage
from .kernel import Kernel

__all__ = ["Membrane", "membrane"]

_METHODS = ("exact", "linear", "exponential_euler")
_PARTS = ("tau", "tau_s", "gain", "threshold")


@dataclass(frozen=True, eq=False)
class Membrane:
    """The neurons of a group as kernels.

    Attributes
    ----------
    synapses, neurons : str
        The names of the Synapses and of their target.
    weight : str
        The variable of the synapses that a spike adds.
    afferents, size : int
        How many neurons there are on either side.
    dt : float
        The step of the neurons in seconds.
    stepped : bool
        Whether the current stays constant during a step (method exponential_euler), which changes the gain.
    expressions : dict of sympy expressions
        Its tau, tau_s, gain and threshold above rest.
    constants : dict of float
        What is no variable of the neurons in them, in SI base units.
    variables : tuple of str
        The variables of the neurons in them and in its rest.
    trainable : tuple of str
        Those of them that leave the neurons at rest.
    """

    synapses: str
    neurons: str
    weight: str
    afferents: int
    size: int
    dt: float
    stepped: bool
    expressions: Mapping[str, sympy.Expr]
    constants: Mapping[str, float]
    variables: tuple[str, ...]
    trainable: tuple[str, ...]

    def kernel(self, values: Mapping[str, Any], neuron: int, trained: Sequence[str] = ()) -> tuple[Kernel, np.ndarray]:
        """One neuron in numbers.

        Parameters
        ----------
        values : mapping
            As `Program.values`, in SI base units.
        neuron : int
        trained : tuple of str
            Variables of the neurons.

        Returns
        -------
        kernel : Kernel
        slopes : array [4, trained]
            The derivatives of its tau, tau_s, gain and threshold in the variables.
        """
        functions = self._functions(tuple(trained))
        given = [_of_neuron(values[f"{self.neurons}.{name}"], neuron) for name in self.variables]
        numbers, slopes = (np.array(part, dtype=float) for part in functions(*given))
        for name, number in zip(_PARTS, numbers, strict=True):
            if not 0 < number < np.inf:
                raise BioplastError(
                    f"neuron {neuron} of {self.neurons}: {name} of its potential is {number:g}: a tempotron has "
                    "positive time constants and gain, and a threshold above rest"
                )
        tau, tau_s, gain, threshold = numbers
        slopes = slopes.reshape(len(_PARTS), len(trained))
        if self.stepped:
            # v += (1 - exp(-dt/tau))*(j - v) with the current at the beginning of the step: the same two exponentials
            value, by_tau, by_tau_s = voltage.response_slopes(self.dt, tau, tau_s)
            rise = -np.expm1(-self.dt / tau)
            slopes[2] = (
                rise
                / value
                * (
                    slopes[2]
                    + gain * (-(np.exp(-self.dt / tau) * self.dt / tau**2 / rise + by_tau / value) * slopes[0])
                    - gain * by_tau_s / value * slopes[1]
                )
            )
            gain *= rise / value
        return Kernel(float(tau), float(tau_s), float(gain), float(threshold)), slopes

    def _functions(self, trained: tuple[str, ...]) -> Any:
        cache = self.__dict__.setdefault("_compiled", {})
        if trained not in cache:
            parts = [self.expressions[name] for name in _PARTS]
            wanted = [_symbol(name) for name in trained]
            slopes = [[sympy.diff(part, symbol) for symbol in wanted] for part in parts]
            numbers = {_symbol(name): value for name, value in self.constants.items()}
            parts = [part.xreplace(numbers) for part in parts]
            slopes = [[slope.xreplace(numbers) for slope in row] for row in slopes]
            cache[trained] = sympy.lambdify([_symbol(name) for name in self.variables], [parts, slopes], "numpy")
        return cache[trained]


def membrane(program: Program, weights: str, threshold: str | None = None) -> Membrane:
    """Read the equations of the neurons that a program's synapses drive.

    Parameters
    ----------
    program : Program
    weights : str
        The key of the weights in `Program.values`, such as ``"afferents.w"``.
    threshold : str, optional
        What the potential has to exceed, for neurons whose threshold is no comparison with their potential.

    Raises
    ------
    UnknownName, BioplastError, Unsupported
        If they are not a leaky membrane under a current that jumps by the weight and decays, at rest to begin with.
    """
    synapses, weight = _synapses(program, weights)
    group = synapses.target
    if not isinstance(group, brian2.NeuronGroup):
        raise Unsupported(f"{group.name}: a tempotron is a neuron of a NeuronGroup, not of a {type(group).__name__}")
    about = f"a tempotron of {group.name}"
    for other in program.network.sorted_objects:
        if isinstance(other, brian2.Synapses) and other is not synapses and other.target is group:
            raise Unsupported(f"{about}: {other.name} drives it too; only the trained synapses {synapses.name} may")
    method = group.method_choice
    if not (method is None or method in _METHODS):
        raise Unsupported(f"{about}: method {method!r} is not followed; accepted: exact, exponential_euler")
    expressions, states = _equations(group)
    variable, condition = _condition(group, threshold, expressions, states, about)
    current, jump = _jump(synapses, weight, about)
    if current not in states or current == variable:
        raise Unsupported(
            f"{about}: a spike of {synapses.name} changes {current}; a variable with an equation of its own that "
            f"drives {variable} is accepted, such as an exponential current"
        )
    v, x = _symbol(variable), _symbol(current)
    _linear(expressions[variable], (v, x), f"d{variable}/dt", about)
    _linear(expressions[current], (x,), f"d{current}/dt", about)
    if expressions[current].has(v):
        raise Unsupported(f"{about}: {current} follows {variable}; a current that decays by itself is accepted")
    leak = sympy.diff(expressions[variable], v)
    decay = sympy.diff(expressions[current], x)
    at_zero = expressions[variable].subs({v: 0, x: 0})
    rest = sympy.simplify(-at_zero / leak) if leak != 0 else sympy.S.Zero
    if leak == 0 or decay == 0:
        raise Unsupported(f"{about}: {variable if leak == 0 else current} does not decay")
    parts = {
        "tau": sympy.simplify(-1 / leak),
        "tau_s": sympy.simplify(-1 / decay),
        "gain": sympy.simplify(-sympy.diff(expressions[variable], x) / leak * jump),
        "threshold": sympy.simplify(condition - rest),
    }
    for name, part in {**parts, "rest": rest}.items():
        if part.has(v, x):
            raise Unsupported(f"{about}: its {name} depends on {variable} or {current}, so its potential is no sum")
    drift = {name: expressions[name].subs({v: rest, x: 0}) for name in states if name != variable}
    for name in states - {variable, current}:
        if expressions[name].has(v, x):
            raise Unsupported(f"{about}: {name} follows {variable} or {current}, so there is a third time constant")
    read = {**parts, "rest": rest, **{f"d{name}/dt": expression for name, expression in drift.items()}}
    variables, constants = _numbers(program, group, read, about)
    found = Membrane(
        synapses.name,
        group.name,
        weight,
        len(synapses.source),
        len(group),
        float(group.clock.dt_),
        method == "exponential_euler",
        parts,
        constants,
        variables,
        tuple(sorted({str(symbol) for part in parts.values() for symbol in part.free_symbols} - states)),
    )
    moving = _check_rest(program, group, found, variable, current, rest, drift, about)
    return dataclasses.replace(found, trainable=tuple(n for n in found.trainable if n in variables and n not in moving))


def _synapses(program: Program, weights: str) -> tuple[Any, str]:
    if weights not in program.values:
        raise UnknownName("value", weights, program.values)
    name, _, weight = weights.rpartition(".")
    found = next(o for o in program.network.sorted_objects if o.name == name)
    if not isinstance(found, brian2.Synapses):
        raise BioplastError(f"{weights!r} is no weight of synapses, such as 'afferents.w'")
    return found, weight


def _symbol(name: str) -> sympy.Symbol:
    return sympy.Symbol(name, real=True)


def _parsed(code: str) -> sympy.Expr:
    expression = str_to_sympy(code)
    # all symbols alike, whatever Brian2 knows of some
    return expression.xreplace({symbol: _symbol(str(symbol)) for symbol in expression.free_symbols})


def _equations(group: Any) -> tuple[dict[str, sympy.Expr], set[str]]:
    """The right side of each equation and subexpression, in terms of state variables and constants."""
    equations = group.user_equations
    inner = {n: _parsed(e.expr.code) for n, e in equations.items() if e.type == SUBEXPRESSION}
    states = {n: _parsed(e.expr.code) for n, e in equations.items() if e.type == DIFFERENTIAL_EQUATION}
    found = {n: _inserted(e, inner) for n, e in {**inner, **states}.items()}
    return found, set(states)


def _inserted(expression: sympy.Expr, inner: Mapping[str, sympy.Expr]) -> sympy.Expr:
    symbols = {_symbol(name): value for name, value in inner.items()}
    while expression.free_symbols & symbols.keys():
        expression = expression.xreplace(symbols)
    return expression


def _condition(
    group: Any, threshold: str | None, expressions: Mapping[str, sympy.Expr], states: set[str], about: str
) -> tuple[str, sympy.Expr]:
    """The variable that has to exceed the threshold, and the threshold."""
    code = (group.events or {}).get("spike", "")
    if threshold is not None:
        variable, level = "v", threshold
    else:
        match = re.fullmatch(r"\s*(\w+)\s*>=?\s*(.+)", code, re.DOTALL)
        if match is None or "rand" in code:
            raise Unsupported(
                f"{about}: its threshold {code!r} is no comparison of its potential with a level, such as 'v > v_th'; "
                "threshold= names the level that is meant, such as threshold='theta'"
            )
        variable, level = match.groups()
    if variable not in states:
        raise Unsupported(f"{about}: {variable}, which has to exceed the threshold, has no differential equation")
    inner = {name: expression for name, expression in expressions.items() if name not in states}
    return variable, _inserted(_parsed(level), inner)


def _jump(synapses: Any, weight: str, about: str) -> tuple[str, sympy.Expr]:
    """Which variable of the neuron a spike changes, and by how much for a weight of 1."""
    pathways = list(synapses._pathways)
    if len(pathways) != 1 or pathways[0].prepost != "pre":
        raise Unsupported(f"{about}: {synapses.name} has {len(pathways)} pathways; one, on_pre, is accepted")
    if np.any(np.asarray(pathways[0].variables["delay"].get_value())):
        raise Unsupported(f"{about}: {synapses.name} has delays; afferents without delays are accepted")
    code = str(pathways[0].code).strip()
    match = re.fullmatch(r"(\w+?)(_post)?\s*\+=\s*([^\n;]+)", code)
    if match is None:
        raise Unsupported(f"{about}: a spike of {synapses.name} does {code!r}; 'I_syn_post += w' is accepted")
    target, _, added = match.groups()
    expression = _parsed(added)
    jump = sympy.diff(expression, _symbol(weight))
    own = {str(s) for s in jump.free_symbols} & set(synapses.equations.names)
    if jump == 0 or sympy.simplify(expression - jump * _symbol(weight)) != 0 or own:
        raise Unsupported(f"{about}: a spike of {synapses.name} adds {added!r}; a multiple of {weight} is accepted")
    return target, jump


def _linear(expression: sympy.Expr, symbols: tuple[sympy.Symbol, ...], what: str, about: str) -> None:
    for symbol in symbols:
        if sympy.diff(expression, symbol).has(*symbols):
            raise Unsupported(f"{about}: {what} is not linear in {symbol}")


def _numbers(
    program: Program, group: Any, read: Mapping[str, sympy.Expr], about: str
) -> tuple[tuple[str, ...], dict[str, float]]:
    """Which of the names are values of the program, and what the others are."""
    names = sorted({str(symbol) for expression in read.values() for symbol in expression.free_symbols})
    for what, expression in read.items():
        if expression.atoms(sympy.core.function.AppliedUndef) or _symbol("t") in expression.free_symbols:
            raise Unsupported(f"{about}: {what} = {expression} changes with time")
    variables, constants = [], {}
    for name in names:
        if f"{group.name}.{name}" in program.values:
            variables.append(name)
        elif name == "dt":
            constants[name] = float(group.clock.dt_)
        else:
            try:
                found = group._resolve(name, run_namespace=dict(program._namespace or {}), user_identifier=True)
                constants[name] = float(np.asarray(found.get_value()))
            except (KeyError, AttributeError, TypeError, ValueError):
                raise Unsupported(
                    f"{about}: {name} in its equations is no constant, parameter or variable; its input comes from "
                    "the trained synapses alone"
                ) from None
    return tuple(variables), constants


def _check_rest(
    program: Program,
    group: Any,
    found: Membrane,
    variable: str,
    current: str,
    rest: sympy.Expr,
    drift: Mapping[str, sympy.Expr],
    about: str,
) -> set[str]:
    """Refuse what changes before the first spike arrives; the variables that the rest depends on."""
    values = program.values
    numbers = {_symbol(name): value for name, value in found.constants.items()}
    names = [_symbol(name) for name in found.variables]
    slopes = {str(name): sympy.diff(rest, name).xreplace(numbers) for name in rest.free_symbols}
    moving = set()
    for neuron in range(found.size):
        given = [_of_neuron(values[f"{group.name}.{name}"], neuron) for name in found.variables]
        level = float(sympy.lambdify(names, rest.xreplace(numbers), "numpy")(*given))
        start = _of_neuron(values[f"{group.name}.{variable}"], neuron)
        if not np.isclose(start, level, rtol=1e-9, atol=1e-12):
            raise BioplastError(f"{about} begins at rest, {variable} = {level:g}, not at {start:g} (neuron {neuron})")
        if _of_neuron(values[f"{group.name}.{current}"], neuron) != 0:
            raise BioplastError(f"{about} begins with {current} = 0 (neuron {neuron})")
        for name, expression in drift.items():
            if float(sympy.lambdify(names, expression.xreplace(numbers), "numpy")(*given)) != 0:
                raise Unsupported(f"{about}: {name} changes without any spike (neuron {neuron})")
        moving |= {name for name, slope in slopes.items() if sympy.lambdify(names, slope, "numpy")(*given) != 0}
    return moving


def _of_neuron(value: Any, neuron: int) -> float:
    array = np.asarray(value)
    return float(array if array.ndim == 0 else array[neuron if array.size > 1 else 0])
