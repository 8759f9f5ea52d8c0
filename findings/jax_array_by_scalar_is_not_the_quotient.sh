#!/bin/sh
# On a CPU JAX multiplies by a rounded reciprocal where an array is divided by one number, in float64 and without jit too:
# the step that a time falls into comes out wrong, and the same quotient depends on the shape of the divisor.
#
# Versions   JAX and jaxlib 0.12.0.1 (Python 3.12 or newer) or 0.10.2 (3.11), NumPy; CPU, x86-64.
# Expected   x/c is the correctly rounded quotient of IEEE 754, as NumPy gives it, at least outside of jit: one primitive at
#            a time leaves nothing to simplify.
# Behaviour  array/number differs from NumPy in the last bit for a quarter of the elements. The very same elements are right
#            when the divisor is an array of equal numbers, or when each is divided by itself. So floor(t/dt) of the times
#            k*dt is k - 1 where NumPy has k. jax_enable_x64 is on; jit with the number as an argument changes nothing.
# Source     The number is broadcast inside what JAX compiles for the primitive; XLA's algebraic simplifier then makes
#            A * broadcast(1/c) of A / broadcast(c) (xla/hlo/transforms/simplifiers/algebraic_simplifier.cc, HandleDivide).
# Output     see the end of this file: of 4,990 times, how many quotients, and how many steps, are not those of NumPy.
set -eu
python=${PYTHON:-python3}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q --disable-pip-version-check \
    'jax==0.12.0.1; python_version >= "3.12"' 'jax==0.10.2; python_version < "3.12"'
cat >"$folder/run.py" <<'PYTHON'
import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)
DT = 0.0001
times = np.arange(4990) * DT
truth = times / DT


def compare(what, found):
    found = np.asarray(found)
    print(f"{what}: {(found != truth).sum()} quotients, {(np.floor(found) != np.floor(truth)).sum()} steps")


compare("array by number", jnp.asarray(times) / DT)
compare("array by number, in jit", jax.jit(lambda t, dt: t / dt)(times, DT))
compare("array by equal array", jnp.asarray(times) / jnp.full(times.shape, DT))
compare("one by one", [float(jnp.asarray(t) / DT) for t in times])
compare("NumPy, times the reciprocal", times * (1 / DT))
PYTHON
cat >"$folder/expected" <<'TEXT'
array by number: 1327 quotients, 287 steps
array by number, in jit: 1327 quotients, 287 steps
array by equal array: 0 quotients, 0 steps
one by one: 0 quotients, 0 steps
NumPy, times the reciprocal: 1327 quotients, 287 steps
TEXT
"$folder/venv/bin/python" "$folder/run.py" >"$folder/found"
cat "$folder/found"
diff "$folder/expected" "$folder/found"
