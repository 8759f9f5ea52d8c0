"""A Brian2 network becomes a `Program`: the one way to run it, on every target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import brian2
import numpy as np

from ..errors import BioplastError
from . import network as net
from . import targets
from .arguments import seconds
from .call import Progress
from .program import Program
from .surrogate import Surrogate

if TYPE_CHECKING:
    import neo  # takes as long as the reading of a network

__all__ = ["compile", "run"]

#: How often the state is searched for NaN and infinity.
WATCH = 2 * brian2.ms


def compile(
    network: brian2.Network,
    duration: Any,
    target: str = "cpp",
    *,
    namespace: Mapping[str, Any] | None = None,
    watch: Any = WATCH,
    threads: int | None = None,
    fast_math: bool = False,
    surrogate: Surrogate | Mapping[str, Surrogate | None] | None = None,
    detach_reset: bool = False,
    dtype: Any = None,
    remat: bool = False,
    level: int = 0,
) -> Program:
    """Make a `Program` of an ordinary Brian2 network, which is read and left as it was.

    Parameters
    ----------
    network : brian2.Network
        Made under Brian2's default device.
    duration : quantity [time]
        Simulated time of a call of the program that names no other.
    target : {"numpy", "cython", "cpp", "openmp", "cuda", "jax", "native"}
        Where it runs; "cuda" compiles on any machine that has nvcc and runs where a GPU is.
    namespace : mapping, optional
        The names that equations may refer to; by default those where `compile` is called, as in `Network.run`. They
        keep the values that they have then: a name set anew later is another value for Brian2's next run alone.
    watch : quantity [time] or None
        How often the state is searched for NaN and infinity (synapses a hundredth as often), 2 ms by default; None
        leaves it out. Target jax looks at the end of a run only, and not at all within jit, vmap and grad.
    threads : int, optional
        With target openmp those of a run, with target native the runs of a batch that are under way at once; all cores
        by default.
    fast_math : bool
        With targets cython, cpp, openmp, cuda and native: let the compiler regroup and approximate, as Brian2's own C++
        and brian2cuda do. Faster where equations have many exponentials; without it the arithmetic is that of NumPy,
        operation for operation.
    surrogate : Surrogate or mapping, optional
        With targets jax and native the derivative of a spike, for all groups or by their names; without one it is 0.
    detach_reset : bool
        With targets jax and native, whether a reset has no derivative in the spike that causes it. Neurons with a steep
        upstroke, such as exponential integrate-and-fire neurons, need that: see `bioplast.program.surrogate`.
    dtype : {"float32", "float64"} or numpy.dtype, optional
        With targets jax and native the precision of all numbers; float64 by default, as on every other target.
    remat : bool
        With target jax, whether a gradient needs memory for the square root of the steps only and computes the others
        again, for about half as much time more. Values and gradients stay the same.
    level : int
        How far up the stack `namespace` is looked for, as in `Network.run`.

    Returns
    -------
    Program
        Call it to run the network; see `Program.__call__`.

    Raises
    ------
    BioplastError
        For an option that the target does not take, by its name.
    TargetUnavailable
        When the target cannot work on this machine.
    Unsupported
        When the target cannot express something; the message names the object and the construct.
    """
    chosen = targets.find(target)
    options = chosen.chosen(
        {
            "threads": threads,
            "fast_math": fast_math,
            "surrogate": surrogate,
            "detach_reset": detach_reset,
            "dtype": dtype,
            "remat": remat,
        }
    )
    targets.require(target)
    net.check(network)
    span = seconds(duration, "duration")
    period = None if watch is None else seconds(watch, "watch")
    if period == 0:
        raise BioplastError("watch is 0 s: a positive time or None is accepted")
    _check_options(threads, level, {"fast_math": fast_math, "detach_reset": detach_reset, "remat": remat})
    if namespace is not None and not isinstance(namespace, Mapping):
        raise BioplastError(f"namespace is of type {type(namespace).__name__}: a dict by name is accepted")
    names = net.run_namespace(namespace, level + 1)
    net.warn_of_other_constants(network, names)
    return chosen.load()(network, span, target, names, period, **options)


def _check_options(threads: Any, level: Any, switches: Mapping[str, Any]) -> None:
    """Refuse options of another kind than they have to be."""
    for name, number, least in (("threads", threads, 1), ("level", level, 0)):
        whole = isinstance(number, int | np.integer) and not isinstance(number, bool)
        if not (whole and number >= least) and not (name == "threads" and number is None):
            raise BioplastError(f"{name} is {number!r}: a whole number, at least {least}, is accepted")
    for name, switch in switches.items():
        if not isinstance(switch, bool | np.bool_):
            raise BioplastError(f"{name} is {switch!r}: True and False are accepted")


def run(
    network: brian2.Network,
    duration: Any,
    target: str = "cpp",
    *,
    values: Mapping[str, Any] | None = None,
    inputs: Mapping[str, Any] | None = None,
    seed: int | None = None,
    progress: bool | Progress = False,
    namespace: Mapping[str, Any] | None = None,
    watch: Any = WATCH,
    threads: int | None = None,
    fast_math: bool = False,
    level: int = 0,
) -> neo.Block:
    """Compile and run a network; the recording as a `neo.Block`.

    The parameters are those of `compile` and of `Program.__call__`.
    """
    program = compile(
        network,
        duration,
        target,
        namespace=namespace,
        watch=watch,
        threads=threads,
        fast_math=fast_math,
        level=level + 1,
    )
    return program(values, inputs, seed, progress=progress).to_neo()
