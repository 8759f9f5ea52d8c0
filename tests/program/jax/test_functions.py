"""Operators and functions of target jax against what Brian2's NumPy target calls, type for type."""

from __future__ import annotations

import ast

import brian2
import jax
import numpy as np
import pytest
from brian2 import Network, NeuronGroup, ms
from brian2.codegen.runtime.numpy_rt import NumpyCodeObject
from brian2.core.functions import DEFAULT_FUNCTIONS
from hypothesis import given, settings
from hypothesis import strategies as st

import bioplast
from bioplast.errors import BioplastError, Unsupported
from bioplast.program.jax import functions as fn
from bioplast.program.jax.expressions import evaluate, parse


@pytest.fixture(autouse=True)
def _double_precision():
    with jax.enable_x64(True):
        yield


REAL = np.array([-1e3, -2.5, -2.0, -1.0, -0.7, -1e-3, -1e-17, 0.0, 1e-17, 1e-4, 9e-4, 0.3, 1.0, 1.5, 2.0, 37.2, 716.0])
WHOLE = np.array([-7, -2, -1, 0, 1, 2, 3, 100], dtype=np.int32)
TRUTHS = np.array([True, False])
ARGUMENTS = {
    "arcsin": [np.linspace(-1, 1, 9)],
    "arccos": [np.linspace(-1, 1, 9)],
    "log": [np.array([1e-3, 1.0, 20.0])],
    "log10": [np.array([1e-3, 1.0, 20.0])],
    "log1p": [np.array([-0.5, 1e-12, 20.0])],
    "sqrt": [np.array([0.0, 1e-3, 20.0])],
    "clip": [REAL, -1.5, np.int32(2)],
    "timestep": [np.arange(-50, 500) * 0.1e-3, 0.1e-3],
    "int": [REAL],
}


@pytest.mark.parametrize("name", fn.FUNCTIONS)
def test_each_function_is_that_of_brian2(name):
    brian2s = DEFAULT_FUNCTIONS[name].implementations
    own = brian2s[NumpyCodeObject].get_code(None) if NumpyCodeObject in brian2s else DEFAULT_FUNCTIONS[name].pyfunc
    one = ARGUMENTS.get(name, [REAL])
    for arguments in (one, [WHOLE, *one[1:]] if name in ("int", "abs", "clip", "exp", "exprel", "sign") else one):
        with np.errstate(over="ignore"):
            expected = np.asarray(own(*arguments))
        found = np.asarray(fn.FUNCTIONS[name](*map(jax.numpy.asarray, arguments)))
        assert found.dtype.kind == expected.dtype.kind
        # both are within some units in the last place of the true value
        np.testing.assert_allclose(found, expected, rtol=1e-13, atol=0)


@pytest.mark.parametrize("name", ["int", "floor", "ceil"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_numbers_beyond_32_bits_are_what_numpy_makes_of_them(name, dtype):
    own = DEFAULT_FUNCTIONS[name].implementations[NumpyCodeObject].get_code(None)
    far = [3e9, -3e9, 1e20, -1e20, np.inf, -np.inf, np.nan, 2.0**31, -(2.0**31), 2.0**31 - 129, -(2.0**31) - 257]
    numbers = np.array([*far, 2147483646.5, 2147483647.5, -2147483648.5, 7.9, -7.9], dtype=dtype)
    with np.errstate(invalid="ignore"):
        expected = own(numbers)
    np.testing.assert_array_equal(jax.jit(fn.FUNCTIONS[name])(numbers), expected)


@pytest.mark.parametrize("divisor", [49.0, 0.3, 7.0, 0.1e-3, 1.1e-3, 1e-3 / 8.5])
def test_a_division_by_a_known_number_is_that_of_numpy(divisor):
    """XLA makes a product with the rounded inverse of it, after which `int(t/T)` is another step."""
    n = np.arange(3000)
    tree = parse("int(n*dt/T)")
    values = {"n": n, "dt": 1e-4, "T": divisor}

    def found(n, dt):
        return evaluate(tree, {"n": n, "dt": dt, "T": divisor}.get, lambda name, given: fn.FUNCTIONS[name](*given))

    np.testing.assert_array_equal(jax.jit(found)(n, 1e-4), (values["n"] * values["dt"] / divisor).astype(int))
    scanned = jax.jit(lambda n, dt: jax.lax.scan(lambda _, k: (None, found(k, dt)), None, n)[1])(n, 1e-4)
    np.testing.assert_array_equal(scanned, (n * 1e-4 / divisor).astype(int))


def test_every_function_of_brian2_is_known():
    assert set(fn.FUNCTIONS) == set(DEFAULT_FUNCTIONS) - {"rand", "randn", "poisson"}


def test_exprel_is_differentiable_everywhere():
    x = np.array([-30.0, -1.0, -2e-3, -5e-4, 0.0, 1e-9, 9e-4, 1.1e-3, 2.0, 30.0])
    found = jax.vmap(jax.grad(fn.exprel))(x)
    # (x*exp(x) - exp(x) + 1)/x**2, by its series where that loses its digits
    series = sum((k + 1) * x**k / float(np.prod(np.arange(1.0, k + 3))) for k in range(12))
    with np.errstate(all="ignore"):
        closed = (x * np.exp(x) - np.expm1(x)) / x**2
    np.testing.assert_allclose(found, np.where(np.abs(x) < 0.5, series, closed), rtol=1e-12)


EXPRESSIONS = [
    "a + b", "a - b", "a * b", "a / b", "a // b", "a % b", "-a", "+a", "a < b", "a <= b", "a > b", "a >= b", "a == b",
    "a != b", "a > b and a < 3 or not (b == 2)", "not a", "a**2", "a**3", "abs(a)**1.5", "2**(b*0.5)", "a*2.5",
    "a + 1/2", "clip(a, b, 3)", "int(a) + a", "int(a > b)*a", "floor(a) - ceil(b)", "sign(a)*b", "a*True",
]  # fmt: skip
numbers = st.one_of(
    st.integers(-20, 20).map(np.int32),
    st.floats(-20, 20, allow_subnormal=False).filter(lambda x: x == 0 or abs(x) > 1e-6).map(np.float64),
)
PLAIN = {"clip": np.clip, "abs": np.abs, "sign": np.sign, "int": np.int32}
PLAIN |= {"floor": lambda x: np.int32(np.floor(x)), "ceil": lambda x: np.int32(np.ceil(x))}


def by_numpy(expression, a, b):
    """Python's own evaluation with NumPy numbers: what Brian2's NumPy target does, with & and | for and and or."""
    tree = ast.parse(expression, mode="eval")
    names = {"a": np.array([a]), "b": np.array([b])}

    class Bitwise(ast.NodeTransformer):
        def visit_BoolOp(self, node):
            self.generic_visit(node)
            operator = ast.BitAnd() if isinstance(node.op, ast.And) else ast.BitOr()
            found = node.values[0]
            for value in node.values[1:]:
                found = ast.BinOp(found, operator, value)
            return found

        def visit_UnaryOp(self, node):
            self.generic_visit(node)
            return ast.Call(ast.Name("not_", ast.Load()), [node.operand], []) if isinstance(node.op, ast.Not) else node

    code = compile(ast.fix_missing_locations(Bitwise().visit(tree)), "expression", "eval")
    with np.errstate(all="ignore"):
        return eval(code, {**PLAIN, "not_": np.logical_not, **names})


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(EXPRESSIONS), numbers, numbers)
def test_operators_are_those_of_numpy_for_whole_and_other_numbers(expression, a, b):
    expected = np.asarray(by_numpy(expression, a, b))
    names = {"a": jax.numpy.asarray([a]), "b": jax.numpy.asarray([b])}
    with jax.enable_x64(True):
        found = np.asarray(evaluate(parse(expression), names.__getitem__, lambda n, x: fn.FUNCTIONS[n](*x)))
    assert found.dtype.kind == expected.dtype.kind, (found, expected)
    # one rounding of each operation, and of powers some units in the last place
    np.testing.assert_allclose(found, expected, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("expression", ["a // b", "a % b"])
@pytest.mark.parametrize(("a", "b"), [(7, 0), (-7, 0), (7, -2), (-7, 2), (7.5, 0.0), (-7.5, 0.0), (0.0, 0.0), (7, 0.0)])
def test_division_by_zero_is_that_of_numpy(expression, a, b):
    a, b = (np.array([x], dtype=np.int32 if isinstance(x, int) else float) for x in (a, b))
    names = {"a": jax.numpy.asarray(a), "b": jax.numpy.asarray(b)}
    found = evaluate(parse(expression), names.__getitem__, lambda name, arguments: 0)
    np.testing.assert_array_equal(found, by_numpy(expression, a[0], b[0]))


@pytest.mark.parametrize(
    "expression", ["a @ b", "a if b else c", "a < b < c", "f(x=1)", "a[0]", "a.b", "'text'", "a & b"]
)
def test_what_is_not_known_is_refused(expression):
    with pytest.raises(Unsupported, match="is not translated"):
        evaluate(parse(expression), lambda name: jax.numpy.zeros(2), lambda name, arguments: 0)


@pytest.mark.parametrize("expression", ["b + b", "b * b", "b - b", "a and b", "k**k", "k**-2"])
def test_what_numpy_would_do_with_the_wrong_types_is_refused(expression):
    names = {"a": jax.numpy.zeros(2), "b": jax.numpy.zeros(2, bool), "k": jax.numpy.ones(2, int)}
    with pytest.raises(Unsupported):
        evaluate(parse(expression), names.__getitem__, lambda name, arguments: 0)


@pytest.mark.parametrize("constant", [True, False, np.bool_(True), np.bool_(False)])
def test_a_constant_of_the_namespace_may_be_a_truth_value(constant):
    """On its own, beside others, and in a condition; whole numbers stay what they are."""
    code = "x += int(on and x > 0) + 2*int(on or x > 1)\nb = on and not (x > 5)\nc = on or b\nx += 4*int(on)"

    def final(target):
        group = NeuronGroup(3, "x : 1\nb : boolean\nc : boolean", name="cells")
        group.x = [-1.7, 0.6, 2.5]
        group.run_regularly(code, dt=0.1 * ms)
        return bioplast.compile(Network(group), 0.1 * ms, target, namespace={"on": constant})(seed=1).final

    if isinstance(constant, np.bool_) and brian2.__version__.startswith("2.9"):
        # Brian2 2.9 takes no truth value of NumPy, so no target does
        for target in ("numpy", "jax"):
            with pytest.raises(BioplastError, match='"on" could not be resolved'):
                final(target)
        return
    expected, found = final("numpy"), final("jax")
    for name in "xbc":
        np.testing.assert_array_equal(found[f"cells.{name}"], expected[f"cells.{name}"])
