"""Where Brian2's own targets disagree: what one of them gets wrong is refused there."""

from __future__ import annotations

import ast
import textwrap

import brian2

from ...errors import Unsupported
from ..network.pathways import pathways


def refuse_ignored_refractoriness(network: brian2.Network) -> None:
    """Refuse a synapse that assigns to a variable that refractoriness may hold back.

    Brian2's NumPy code then assigns to refractory neurons as well, unless the statement reads the variable that it
    writes; its Cython and C++ code does not.
    """
    for pathway in pathways(network):
        try:
            statements = ast.parse(textwrap.dedent(pathway.code)).body
        except SyntaxError:  # which Brian2 tells when it prepares the run
            continue
        for statement in statements:
            if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Name):
                continue
            name = statement.targets[0].id
            held_back = getattr(pathway.synapses.variables.get(name), "conditional_write", None) is not None
            read = {node.id for node in ast.walk(statement.value) if isinstance(node, ast.Name)}
            if held_back and name not in read:
                raise Unsupported(
                    f"{pathway.synapses.name!r}: '{ast.unparse(statement)}' of a variable that is (unless refractory): "
                    "Brian2's NumPy code writes to refractory neurons too; use target 'cython' or 'cpp'"
                )
