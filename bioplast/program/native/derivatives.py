"""The derivative of each operation: what comes back to its arguments, as C++ text.

The conventions are those of target jax: at a tie of `min` and `max` each side has half of the derivative, the sign has
none, a whole power is the derivative of a product.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from ...errors import Unsupported
from .printing import product
from .values import Value

#: Operations whose result has no derivative in their arguments.
FLAT = frozenset(("sign", "ceil", "floor", "floor_div", "draw", "constant", "steps"))

Use = Callable[[Value], str]


def shares(value: Value, back: str, use: Use) -> list[tuple[Value, Callable[[], str]]]:
    """What comes back to each argument of a value; each text is made when it is asked for.

    Parameters
    ----------
    value : Value
    back : str
        What comes back to it.
    use : callable
        The name of a value that the derivative needs.

    Raises
    ------
    Unsupported
        For an operation that has a derivative which is not known.
    """
    a, *rest = value.arguments
    b = rest[0] if rest else a
    match value.operation:
        case "add":
            return [(a, lambda: back), (b, lambda: back)]
        case "sub":
            return [(a, lambda: back), (b, lambda: f"-{back}")]
        case "neg":
            return [(a, lambda: f"-{back}")]
        case "cast":
            return [(a, lambda: back)]
        case "mul":
            return [(a, lambda: f"{back} * {use(b)}"), (b, lambda: f"{back} * {use(a)}")]
        case "div":
            return [(a, lambda: f"{back} / {use(b)}"), (b, lambda: f"-{back} * {use(value)} / {use(b)}")]
        case "where":
            return [(rest[0], lambda: f"{use(a)} ? {back} : 0"), (rest[1], lambda: f"{use(a)} ? 0 : {back}")]
        case "max":
            return [
                (a, lambda: f"{back} * bp_above({use(a)}, {use(b)})"),
                (b, lambda: f"{back} * bp_above({use(b)}, {use(a)})"),
            ]
        case "min":
            return [
                (a, lambda: f"{back} * bp_above({use(b)}, {use(a)})"),
                (b, lambda: f"{back} * bp_above({use(a)}, {use(b)})"),
            ]
        case "mod":
            return [(a, lambda: back), (b, lambda: f"-{back} * std::floor({use(a)} / {use(b)})")]
        case "abs":
            return [(a, lambda: f"{back} * bp_sign({use(a)})")]
        case "pow":
            return [
                (a, lambda: f"{back} * {use(b)} * std::pow({use(a)}, {use(b)} - real(1))"),
                (b, lambda: f"{back} * {use(value)} * bp_log({use(a)})"),
            ]
        case "product_power":
            n = value.detail
            return [(a, lambda: f"{back} * real({n}) * ({product(use(a), n - 1, 'f')})")] if n else []
        case "spike":
            return [(b, lambda: f"{back} * {use(rest[1])}")]
    slope = _SLOPES.get(value.operation)
    if slope is None:
        raise Unsupported(f"{value.operation!r} has no derivative here")

    def text() -> str:
        y = use(value) if "{y}" in slope else ""
        x = use(a) if "{x}" in slope else ""
        return f"{back} * ({slope.replace('{y}', y).replace('{x}', x)})"

    return [(a, text)]


_SLOPES = {
    "exp": "{y}",
    "expm1": "{y} + real(1)",
    "log": "real(1) / {x}",
    "log10": f"real({1 / math.log(10)!r}) / {{x}}",
    "log1p": "real(1) / (real(1) + {x})",
    "sqrt": "real(0.5) / {y}",
    "sin": "std::cos({x})",
    "cos": "-std::sin({x})",
    "tan": "real(1) + {y} * {y}",
    "sinh": "std::cosh({x})",
    "cosh": "std::sinh({x})",
    "tanh": "real(1) - {y} * {y}",
    "arcsin": "real(1) / std::sqrt(real(1) - {x} * {x})",
    "arccos": "real(-1) / std::sqrt(real(1) - {x} * {x})",
    "arctan": "real(1) / (real(1) + {x} * {x})",
    "exprel": "bp_exprel_slope({x}, {y})",
}
