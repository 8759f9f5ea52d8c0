"""Products without some of their factors."""

from __future__ import annotations

import ast
from collections.abc import Collection

__all__ = ["without_factors"]


def without_factors(expression: str, names: Collection[str]) -> tuple[str, tuple[str, ...]]:
    """A product without those of its factors that are among the names, and these, sorted.

    A name within a sum, a power, a function or a divisor is no factor and stays.

    Parameters
    ----------
    expression : str
    names : collection of str

    Returns
    -------
    str, tuple of str

    Examples
    --------
    >>> without_factors("lambda_1*(w_1*x_pre)", {"x_pre"})
    ('lambda_1 * w_1', ('x_pre',))
    >>> without_factors("w + x_pre", {"x_pre"})
    ('w + x_pre', ())
    """
    kept: list[str] = []
    found: list[str] = []

    def part(node: ast.expr) -> None:
        match node:
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                part(left)
                part(right)
            case ast.Name(id=name) if name in names:
                found.append(name)
            case ast.Name() | ast.Constant():
                kept.append(ast.unparse(node))
            case _:
                kept.append(f"({ast.unparse(node)})")

    tree = ast.parse(expression, mode="eval").body
    part(tree)
    if not found:
        return expression, ()
    return " * ".join(kept) or "1", tuple(sorted(found))
