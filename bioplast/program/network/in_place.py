"""Code whose result depends on whether elements are worked on one after the other, as C++ and Cython do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from brian2.codegen.translation import make_statements
from brian2.core.preferences import prefs
from brian2.core.variables import ArrayVariable
from brian2.utils.stringtools import get_identifiers

from ...errors import Unsupported

_SUM = "summed_variable"


def refuse_work_in_place(
    owner: str,
    code: Any,
    variables: Mapping[str, Any],
    indices: Mapping[str, str],
    template: str,
    options: Mapping[str, Any] | None,
    where: str,
) -> None:
    """Refuse code that uses values of an array under one name and changes them under another.

    Such are a variable that is linked to one of its own group, `y_pre` and `y_post` of synapses within a group, and a
    summed variable that reads its own target. NumPy carries out each statement for all elements, so that all see the
    values before; Brian2's C++ and Cython code reads all values of one element, carries out all statements, writes, and
    goes on to the next, which sees what the one before it has written. It sets the target of a sum to zero first.

    Parameters
    ----------
    owner : str
        Whose code it is.
    code : str or dict
        What code is made of, by block.
    variables, indices : mapping
        What the names in it stand for, and by what each is indexed.
    template : str
    options : mapping or None
        Those of the template.
    where : str
        Who works in place, for the message.

    Raises
    ------
    Unsupported
        Names the two variables.
    """
    arrays = {
        name: variable
        for name, variable in variables.items()
        if isinstance(variable, ArrayVariable) and not variable.scalar and indices[name] != "0"
    }
    shared = {id(variable) for variable in arrays.values()}
    if len(shared) == len(arrays) and template != _SUM:
        return  # no array has two names
    for block, text in code.items() if isinstance(code, Mapping) else [(None, code or "")]:
        statements = make_statements(text, variables, prefs["core.default_float_dtype"], blockname=block)[1]
        changes = [s for s in statements if not s.subexpression]
        written = {s.var for s in changes} & arrays.keys()
        used = written.union(*(get_identifiers(s.expr) for s in statements)) & arrays.keys()
        if template == _SUM and options is not None:
            target = options["_target_var"]
            first, last = options["_target_start"], options["_target_stop"]
            for name in sorted(used):
                if variables[name] is target and _within(_elements(name, variables, indices), first, last):
                    what, how = f"sums up the array of {name!r} from itself", f"{where} sets it to 0 before it sums"
                    raise Unsupported(_message(owner, what, how))
        for there in sorted(written):
            for here in sorted(used - {there}):
                if variables[here] is variables[there] and _meet(
                    _elements(here, variables, indices),
                    _elements(there, variables, indices),
                    others=not _only_add(changes, here, there),
                    itself=here in written or _read_after(statements, here, there),
                ):
                    what = f"changes {there!r} and uses {here!r}, some of them the same values"
                    raise Unsupported(_message(owner, what, f"{where} works on one element after the other"))


def _message(owner: str, what: str, how: str) -> str:
    return (
        f"{owner!r} {what}: {how}, so the result is not NumPy's; use target 'numpy', 'jax' or 'native', or a copy of "
        "the values before"
    )


def _only_add(statements: Sequence[Any], here: str, there: str) -> bool:
    """Whether two names are only added to, so that the order of elements does not matter."""
    return all(
        {here, there}.isdisjoint(get_identifiers(s.expr)) and (s.var not in (here, there) or s.op in ("+=", "-="))
        for s in statements
    )


def _read_after(statements: Sequence[Any], here: str, there: str) -> bool:
    """Whether one name is read after the other was written, when C++ still holds the value before."""
    begin = next(k for k, s in enumerate(statements) if s.var == there)
    return any(here in get_identifiers(s.expr) for s in statements[begin + 1 :])


def _elements(name: str, variables: Mapping[str, Any], indices: Mapping[str, str]) -> np.ndarray:
    index = indices[name]
    if index == "_idx":
        return np.arange(variables[name].size)
    return np.atleast_1d(np.asarray(variables[index].get_value()))


def _within(elements: np.ndarray, first: int, last: int) -> bool:
    return bool(np.any((elements >= first) & ((elements < last) | (last < 0))))


def _meet(used: np.ndarray, written: np.ndarray, others: bool, itself: bool) -> bool:
    """Whether a value that one element uses is written for others, or for itself."""
    if not len(used) or not len(written):
        return False
    own = used == written if len(used) == len(written) else np.zeros(len(used), dtype=bool)
    elsewhere = np.bincount(written, minlength=used.max() + 1)[used] - own
    return bool((others and np.any(elsewhere > 0)) or (itself and np.any(own)))
