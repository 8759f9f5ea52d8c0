"""A strategy by its name, or of what makes one."""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np

from ...errors import BioplastError, UnknownName
from ...program.arguments import in_short
from .annealing import Annealing
from .base import Strategy
from .cem import CEM
from .cem_es import CEMES
from .evosax import Evosax
from .hybrid import Hybrid
from .pooling import Pooling
from .swarm import Swarm

__all__ = ["OWN", "strategy_of"]

#: The strategies of this package, by name.
OWN: dict[str, Callable[..., Strategy]] = {
    "cem": CEM,
    "cem-es": CEMES,
    "swarm": Swarm,
    "annealing": Annealing,
    "pooling": Pooling,
    "hybrid": Hybrid,
}

_INSTALL = "pip install 'bioplast[evolution]'"


def strategy_of(given: Any, population_size: int, solution: np.ndarray) -> Any:
    """A strategy.

    Parameters
    ----------
    given : str or callable
        A name, whose capitals, hyphens and underscores do not matter: one of `OWN`, or of an algorithm of evosax. Or
        what makes one, ``given(population_size=..., solution=...)``: a class or a function.
    population_size : int
    solution : ndarray [numbers]
        The point to begin with, of floating-point numbers.

    Raises
    ------
    BioplastError
        For a name that is none, when evosax is not installed, or what it says of the population.
    """
    make, name = given, getattr(given, "__name__", "strategy")
    if isinstance(given, str):
        make, name = _named(given), given
    if not callable(make):
        raise BioplastError(
            f"strategy is {in_short(given)}: a name such as 'hybrid', or what makes one of population_size and "
            "solution, is accepted"
        )
    try:
        made = make(population_size=population_size, solution=solution)
    except BioplastError:
        raise
    except Exception as error:  # evosax asserts
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise BioplastError(f"strategy {name!r} with a population of {population_size}: {reason}") from error
    missing = [method for method in ("init", "ask", "tell") if not callable(getattr(made, method, None))]
    if missing:
        raise BioplastError(f"strategy {name!r} makes {in_short(made)}, without {missing[0]}: see evosax")
    return made if isinstance(made, Strategy | Evosax) else Evosax(made)


def _plain(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")


def _named(name: str) -> Callable[..., Any]:
    own = {_plain(known): make for known, make in OWN.items()}
    if _plain(name) in own:
        return own[_plain(name)]
    if importlib.util.find_spec("evosax") is None:
        raise BioplastError(f"strategy {name!r} is none of {', '.join(OWN)}; for those of evosax: {_INSTALL}")
    import optax
    from evosax import algorithms

    theirs: dict[str, Any] = {_plain(known): make for known, make in algorithms.algorithms.items()}
    # its own settings, a learning rate of 0.001 and a noise of 1, hardly move
    theirs["openes"] = theirs["openaies"] = functools.partial(
        algorithms.Open_ES, optimizer=optax.adam(0.05), std_schedule=optax.constant_schedule(0.1)
    )
    if _plain(name) not in theirs:
        raise UnknownName("strategy", name, [*OWN, "OpenAI-ES", *algorithms.algorithms])
    return theirs[_plain(name)]
