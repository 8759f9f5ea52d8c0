"""What learning needs beside a plain installation; says in one line what is missing."""

from importlib.util import find_spec

from ..errors import TargetUnavailable

for _package in ("jax", "optax"):
    if find_spec(_package) is None:
        raise TargetUnavailable(f"bioplast.learning needs the package {_package}: pip install 'bioplast[jax]'")
