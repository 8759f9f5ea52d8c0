"""What NumPy does with a number for an integer or a boolean, every target does, or refuses."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, ms

import bioplast
from bioplast.errors import BioplastError, Unsupported
from bioplast.program.cpp.lowering import lower

X = [-1.7, 0.6, 2.5]


def cells(model, code):
    group = NeuronGroup(3, f"x : 1\n{model}", name="cells")
    group.x = X
    group.run_regularly(code, dt=0.1 * ms)
    return Network(group)


def run(network, target):
    return bioplast.compile(network, 0.1 * ms, target, namespace={})(seed=1).final


REFUSED = {  # by NumPy, or where it keeps the number
    ("k : integer", "k += x"): r"'k \+= x' changes in place what is of type integer",
    ("k : integer", "k *= 1.5"): r"'k \*= 1.5' changes in place what is of type integer",
    ("k : integer", "k /= 2"): r"'k /= 2' changes in place what is of type integer",
    ("b : boolean", "b += i"): r"'b \+= i' changes in place what is True or False",
    ("b : boolean", "b *= b"): r"'b \*= b' changes in place what is True or False",
    ("", "y = 1\ny = y*2.5\nx = y"): r"'y = y\*2.5' makes 'y' of type float, which was integer before",
    ("", "y = i\ny = x\nx = y"): "'y = x' makes 'y' of type float, which was integer before",
    ("s = 1.5*x : integer", "x = s"): "'s = 1.5 . x' is of type float, though it is declared as integer",
    ("s = 0.5*x : boolean", "x += int(s)"): "'s = 0.5 . x' is of type float, though it is declared as boolean",
}


@pytest.mark.parametrize(("model", "code"), REFUSED)
def test_cpp_refuses_what_it_would_cut_off(model, code):
    with pytest.raises(Unsupported, match=f"^'cells_run_regularly': {REFUSED[model, code]}"):
        lower(cells(model, code), {})


@pytest.mark.parametrize("code", ["k += x", "k *= 1.5", "k /= 2"])
def test_numpy_and_jax_refuse_it_too(code):
    for target in ("numpy", "jax"):
        with pytest.raises(BioplastError, match=r"float64.* to .*int32|int32 of float64"):
            run(cells("k : integer", code), target)


TAKEN = """
a = x
b = 256*i
c = 0.3
d = x*int(x > 0)
f = x > 0
k = x
l += i
m = k/2
"""
MODEL = "\n".join([*(f"{name} : boolean" for name in "abcdf"), *(f"{name} : integer" for name in "klm")])


@pytest.mark.parametrize("target", ["numpy", pytest.param("cpp", marks=pytest.mark.long), "jax"])
def test_a_truth_value_of_a_number_is_whether_it_is_zero(target):
    found = run(cells(MODEL, TAKEN), target)
    x, i = np.array(X), np.arange(3)
    expected = {
        "a": x != 0, "b": i != 0, "c": [True] * 3, "d": x > 0, "f": x > 0, "k": np.trunc(x), "l": i,
        "m": np.trunc(np.trunc(x) / 2),
    }  # fmt: skip
    for name, values in expected.items():
        np.testing.assert_array_equal(found[f"cells.{name}"], values, err_msg=name)
        assert found[f"cells.{name}"].dtype == (bool if name in "abcdf" else np.int32)


@pytest.mark.long
@pytest.mark.parametrize(("model", "code"), [("k : integer", "k += x"), ("b : boolean", "b = x")])
def test_cython_refuses_code_that_it_would_leave_out(model, code):
    with pytest.raises(Unsupported, match=r"'cells_run_regularly': Cython does not compile its code"):
        run(cells(model, code), "cython")
