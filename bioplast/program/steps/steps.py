"""What a network does in one time step, as plain data that knows neither Brian2's objects nor any target.

Operations stand in the order in which Brian2 runs them. Their statements are Brian2's own, after its loop-invariant
optimisation, so a target that follows them does the arithmetic of Brian2's NumPy code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...connection import Connection

# What a name in a statement stands for -------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Place:
    """Elements of an array.

    Attributes
    ----------
    array : str
        Its name in `Steps.arrays`.
    index : ndarray of int [elements] or None
        The element that each neuron or synapse of the block refers to; None when it is its own.
    shared : bool
        Whether the array has one value for all.
    condition : str or None
        The name that must be true where this one is written: what ``(unless refractory)`` means.
    """

    array: str
    index: np.ndarray | None = None
    shared: bool = False
    condition: str | None = None


@dataclass(frozen=True)
class Number:
    """A constant of the equations' namespace."""

    value: float | int | bool


@dataclass(frozen=True)
class Function:
    """A function by Brian2's name, or the user's own with its implementation."""

    name: str
    implementation: Callable[..., Any] | None = None


@dataclass(frozen=True)
class Table:
    """A TimedArray: row ``int(round(t/epsilon)/factor)`` of the table, held within its rows, then the column."""

    name: str
    epsilon: float
    factor: int


@dataclass(frozen=True)
class Draw:
    """A random number for each element.

    ``kind`` is "rand", "randn", "poisson", "binomial" with the parameters (n, p), or "normal" with (loc, scale).
    """

    kind: str
    parameters: tuple[float, ...] = ()


Reference = Place | Number | Function | Table | Draw


# Statements ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Statement:
    """``name operator expression``.

    Attributes
    ----------
    name : str
        What is assigned to: a `Place`, or a name that exists within the block only.
    operator : str
        "=", ":=" (a new name of the block) or an in-place operator such as "+=".
    expression : str
        In Brian2's syntax, which is Python's.
    branch : tuple of str or None
        (condition, expression where it is true, expression where not), when Brian2 evaluates it so.
    """

    name: str
    operator: str
    expression: str
    branch: tuple[str, str, str] | None = None

    @property
    def inplace(self) -> bool:
        return self.operator not in ("=", ":=")


@dataclass(frozen=True, eq=False)
class Block:
    """Statements for all neurons or synapses at once.

    Attributes
    ----------
    scalar, vector : tuple of Statement
        Those for shared values come first.
    names : mapping
        What the names in them stand for; any other is made within the block.
    size : int
        How many neurons or synapses there are.
    repeated : bool
        Whether several of them may write one element. Each statement then reads and writes the arrays by itself, and an
        in-place operator applies once for each of them; otherwise all is read first and written last.
    """

    scalar: tuple[Statement, ...]
    vector: tuple[Statement, ...]
    names: Mapping[str, Reference]
    size: int
    repeated: bool = False


# Operations ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Operation:
    """Something that happens in every step of its clock; name and clock are the user's."""

    name: str
    clock: str


@dataclass(frozen=True, eq=False)
class Update(Operation):
    """Statements for every element: a state updater, run_regularly, subexpressions that are constant over dt."""

    block: Block


@dataclass(frozen=True, eq=False)
class Threshold(Operation):
    """Events of the neurons whose ``_cond`` is true.

    Attributes
    ----------
    group : str
        Whose events these are.
    refractory : tuple of str or None
        The arrays not_refractory and lastspike, which an event sets, and the time.
    replaceable : bool
        Whether the events may be given as an input instead.
    margins : tuple
        The dimensions of what the condition compares, as exponents of the SI base units.
    """

    block: Block
    events: str
    group: str
    refractory: tuple[str, str, str] | None
    replaceable: bool
    margins: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, eq=False)
class Reset(Operation):
    """Statements for the neurons that have an event."""

    block: Block
    events: str


@dataclass(frozen=True, eq=False)
class Generator(Operation):
    """Events that are given beforehand for the group of this name."""

    events: str


@dataclass(frozen=True, eq=False)
class Pathway(Operation):
    """Statements for the synapses that an event reaches: ``sources`` [synapses] are neurons of the event's group.

    ``delay`` names the array of the delays, in seconds; a synapse's event arrives round(delay/dt) steps later.
    """

    block: Block
    events: str
    sources: np.ndarray
    delay: str


@dataclass(frozen=True, eq=False)
class DeclaredPathway(Operation):
    """Statements for the synapses of a declared connection that an event reaches, without their list.

    Attributes
    ----------
    block : Block
        Each `Place` in it that is not shared refers to all neurons before, all neurons after or all weights, in order;
        its size is that of none of them.
    ends : mapping
        Which of these the names of the block refer to: "before", "after" or "weight".
    events : str
    sources : ndarray of int [before]
        The neurons of the event's group that the connection begins with.
    delay : str
        The array of the delay of all synapses, in seconds.
    connection : Connection
        Which of them a synapse joins.
    """

    block: Block
    ends: Mapping[str, str]
    events: str
    sources: np.ndarray
    delay: str
    connection: Connection


@dataclass(frozen=True, eq=False)
class Sum(Operation):
    """A summed variable: elements start to stop of ``target`` become the sums of ``_synaptic_var`` by ``index``."""

    block: Block
    target: str
    start: int
    stop: int
    index: np.ndarray


@dataclass(frozen=True, eq=False)
class EventRecord(Operation):
    """A monitor of events of the neurons start to stop, and of ``variables`` (as ``_to_record_...``) at each."""

    block: Block
    events: str
    start: int
    stop: int
    variables: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class EventCount(Operation):
    """A monitor that only counts the events of the neurons start to stop, in the array ``count``."""

    events: str
    start: int
    stop: int
    count: str


@dataclass(frozen=True, eq=False)
class StateRecord(Operation):
    """A monitor of ``variables`` (as ``_to_record_...``) of the elements of its block."""

    block: Block
    variables: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class RateRecord(Operation):
    """A monitor of the mean rate of the neurons start to stop."""

    events: str
    start: int
    stop: int


# The whole -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Array:
    """An array of the network: its value when it was read, and whether it is among a program's values (by its name)."""

    value: np.ndarray
    is_value: bool
    constant: bool


@dataclass(frozen=True)
class Clock:
    """A clock by the arrays that hold its step, time and dt."""

    timestep: str
    t: str
    dt: str
    seconds: float


@dataclass(frozen=True, eq=False)
class Steps:
    """What a network does in a time step.

    Attributes
    ----------
    operations : tuple of Operation
        In Brian2's order.
    arrays : mapping
        Every array that they refer to.
    events : mapping
        How many neurons each event has.
    clocks : mapping
        By the user's names.
    tables : mapping
        Values of the TimedArrays, [rows] or [rows, columns].
    inputs : mapping
        By the name of a TimedArray, or that by which equations call it, its table.
    """

    operations: tuple[Operation, ...]
    arrays: Mapping[str, Array]
    events: Mapping[str, int]
    clocks: Mapping[str, Clock]
    tables: Mapping[str, np.ndarray] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)


# Questions ------------------------------------------------------------------------------------------------------------


def pathways(network: Steps) -> list[Pathway | DeclaredPathway]:
    """The synaptic pathways of a network, in Brian2's order."""
    return [operation for operation in network.operations if isinstance(operation, Pathway | DeclaredPathway)]


def delay_steps(delays: np.ndarray, dt: float) -> np.ndarray:
    """Delays in steps, by Brian2's rounding."""
    return (np.asarray(delays) / dt + 0.5).astype(np.int64)
