"""Whatever training is called with that does not fit is one line, which names what was given and what is accepted."""

from __future__ import annotations

import re
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from brian2 import ms, mV
from support.training import DT, SPIKES, STEPS, WANTED, integrators, squares, train

import bioplast
from bioplast import learning
from bioplast.errors import BioplastError, UnknownName
from bioplast.learning import Trainable

S, W = SPIKES[:17], WANTED[:17]
HELD_OUT = ({"source": S}, W)


@pytest.fixture(scope="module")
def program():
    return bioplast.compile(integrators(), STEPS * DT, "jax", namespace={})


def trained(*arguments, **options):
    return {"train": {"weights.w": Trainable(*arguments, **options)}}


def not_finite_in(sample):
    raster = S.astype(float)
    raster[sample, 3, 1] = np.nan
    return {"source": raster}


# What is given, and what the line says; all but the last of them before anything is compiled.
WRONG = {
    # inputs
    "array": ({"inputs": S}, "inputs: a mapping such as {'input': spikes} is accepted, not ndarray"),
    "unknown input": ({"inputs": {"sorce": S}}, "unknown input 'sorce': did you mean 'source'"),
    "no samples": (
        {"inputs": {"source": S[0]}},
        "input 'source' has shape (12, 3): spikes [samples, steps, neurons] = ",
    ),
    "steps": ({"inputs": {"source": S[:, 1:]}}, "(17, 11, 3): spikes [samples, steps, neurons] = [samples, 12, 3]"),
    "number": ({"inputs": {"source": 3}}, "input 'source' has shape ()"),
    "text": ({"inputs": {"source": "spikes"}}, "'source': numbers are accepted, not str"),
    "ragged": ({"inputs": {"source": [[1, 2], [3]]}}, "'source': rows of one length are accepted"),
    "nan in one sample": ({"inputs": not_finite_in(5)}, "input 'source' holds nan in sample 5"),
    "two spikes at once": ({"inputs": {"source": S * 2}}, "input 'source' holds 2 in sample 0"),
    "volts": ({"inputs": {"source": S * mV}}, "'source' is given in V: no unit is expected"),
    "list of volts": ({"inputs": {"source": [list(x) for x in S[:1] * mV]}}, "'source' is given in V"),
    "one pair": ({"inputs": {"source": ([1], [2])}}, "input 'source' is a tuple of 2"),
    "a neuron too many": (
        {"inputs": {"source": [([], [])] * 4 + [([1e-3], [7])]}, "labels": W[:5]},
        "sample 4: input 'source' has neuron 7: neurons 0 to 2 are accepted",
    ),
    # labels
    "fewer labels": (
        {"labels": W[:3]},
        "the same number of samples, at least one, along the first axis of each (source",
    ),
    "one label": ({"labels": 3}, "labels: ()"),
    "nothing": ({"inputs": {}, "labels": None}, "(no inputs)"),
    "none of them": ({"inputs": {"source": S[:0]}, "labels": W[:0]}, "at least one"),
    "text labels": ({"labels": np.array(["a"] * 17)}, "labels: numbers are accepted, not an array of <U1"),
    "objects": ({"labels": [None] * 17}, "labels: numbers are accepted, not NoneType"),
    "units of two": ({"labels": [1 * mV] + [1 * ms] * 16}, "labels: one unit is accepted, not second and volt"),
    "complex": ({"labels": W * 1j}, "labels: numbers are accepted, not an array of complex128"),
    # loss and score
    "no loss": ({"loss": None}, "loss is None: a function loss(out, label) is accepted"),
    "named loss": ({"loss": "mse"}, "loss is 'mse': a function"),
    "named score": ({"score": "accuracy", "validation": HELD_OUT}, "score is 'accuracy': a function score(out, label)"),
    "score alone": ({"score": squares}, "score needs validation"),
    "loss of None": ({"loss": lambda out, y: None}, "the loss of a sample is one real number, not None"),
    "loss of two": (
        {"loss": lambda out, y: (squares(out, y), 1)},
        "the loss of a sample is one real number, not a tuple",
    ),
    "loss of an array": (
        {"loss": lambda out, y: out.final["cells.v"]},
        "the loss of a sample is one real number, not float64 of shape (2,)",
    ),
    "complex loss": ({"loss": lambda out, y: squares(out, y) * 1j}, "one real number, not complex128"),
    "loss of one argument": ({"loss": lambda out: 1.0}, "the loss ended in TypeError: <lambda>() takes 1 positional"),
    "loss that divides by 0": ({"loss": lambda out, y: 1 / 0}, "the loss ended in ZeroDivisionError: division by zero"),
    "loss that branches": (
        {"loss": lambda out, y: 1.0 if y[0] > 0 else 2.0},
        "the loss ended in TracerBoolConversionError: it asks for numbers before JAX has computed them: use jax.numpy",
    ),
    "loss in NumPy": ({"loss": lambda out, y: float(np.asarray(out.final["cells.v"])[0])}, "use jax.numpy"),
    "unknown monitor": ({"loss": lambda out, y: out.raster("sp").sum()}, "unknown spike monitor 'sp'"),
    # validation
    "validation dict": (
        {"validation": {"source": S}},
        "validation is a dict of 1: a pair (inputs, labels) is accepted",
    ),
    "validation of one": ({"validation": ({"source": S},)}, "validation is a tuple of 1: a pair"),
    "validation fraction": ({"validation": 0.2}, "validation is a float: a pair"),
    "validation turned": ({"validation": HELD_OUT[::-1]}, "validation: a mapping such as"),
    "validation unknown": ({"validation": ({"sorce": S}, W)}, "validation: unknown input 'sorce'"),
    "validation fewer": ({"validation": ({"source": S}, W[1:])}, "validation: the same number of samples"),
    "validation nan": ({"validation": (not_finite_in(2), W)}, "validation: input 'source' holds nan in sample 2"),
    # optimiser
    "unknown optimiser": ({"optimiser": "adm"}, "unknown optimiser of optax 'adm': did you mean 'adam'"),
    "optimiser not called": ({"optimiser": optax.adam}, "optimiser is the function adam: call it, as in adam(0.01)"),
    "learning rate": ({"optimiser": 0.1}, "optimiser is 0.1: one of optax is accepted"),
    "text rate": ({"optimiser": optax.sgd("fast")}, "the optimiser ended in"),
    # numbers
    **{
        f"{name} {given!r}": ({name: given, "validation": HELD_OUT}, f"{name} is {given!r}: a whole number from 1")
        for name in ("batch", "epochs", "patience")
        for given in (True, 0, -1, 1.5, "3", float("nan"), [2])
    },
    "no batch": ({"batch": None}, "batch is None"),
    "patience alone": ({"patience": 3}, "patience needs validation"),
    **{
        f"seed {given!r}": ({"seed": given}, f"seed is {given!r}: a whole number from 0 to 2**32 - 1 is accepted")
        for given in (-1, 2**70, 2**32, True, None, 1.5, "1", [1, 2])
    },
    "seed key": ({"seed": jax.random.key(1)}, "seed is Array("),
    # values
    "values list": ({"values": [1]}, "values: a mapping by the keys of Program.values is accepted, not a list"),
    "values unit": ({"values": {"weights.w": 1 * ms}}, "'weights.w' is given in s: V is expected"),
    "values units": ({"values": {"weights.w": [1 * ms] * 6}}, "'weights.w' is given in s: V is expected"),
    "values batch": ({"values": {"weights.w": np.ones((5, 6)) * mV}}, "'weights.w' has shape (5, 6): (6,) is expected"),
    "values nan": ({"values": {"weights.w": np.nan * mV}}, "element 0 of 'weights.w' begins with nan V"),
    # train
    "train nothing": ({"train": {}}, "train names the values"),
    "train list": ({"train": ["weights.w"]}, "train names the values"),
    "train typo": ({"train": {"weights.ww": 1 * mV}}, "unknown value 'weights.ww': did you mean 'weights.w'"),
    "train number": ({"train": {3: 1 * mV}}, "unknown value '3': accepted: cells.v, weights.w"),
    "train count": ({"train": {"weights.N": 1}}, "unknown value 'weights.N'"),
    "train delay": (
        {"train": {"weights_pre.delay": 1 * ms}},
        "'weights_pre.delay' is a delay, which has no derivative",
    ),
    "train time": ({"train": {"network.t": 1 * ms}}, "unknown value 'network.t'"),
    **{
        f"unit {text}": (
            {"train": {"weights.w": given}},
            f"'weights.w': the unit is {text}: one number in volt is accepted",
        )
        for given, text in (
            (1 * ms, "1 ms"),
            (1, "1, without a unit"),
            ("w", "'w'"),
            (None, "None"),
            (True, "True"),
            ([1, 2] * mV, "array([1., 2.]) * mvolt"),
            (np.nan * mV, "nan V"),
        )
    },
    "unit below": (trained(-1 * mV), "'weights.w': the unit -1 mV must be positive and finite"),
    **{
        f"bound {text}": (trained(2 * mV, low=given), f"'weights.w': the bound low is {text}: one number in volt")
        for given, text in (
            ("0", "'0'"),
            (0, "0, without a unit"),
            (1 * ms, "1 ms"),
            ([0 * mV], "[0. * volt]"),
            (np.nan * mV, "nan V"),
        )
    },
    "bounds turned": (trained(2 * mV, low=5 * mV, high=1 * mV), "the bound 5 mV must be below 1 mV"),
    "start outside": (
        trained(2 * mV, low=1 * mV),
        "element 0 of 'weights.w' begins outside of its bounds 1 mV and None: with 0 V",
    ),
    "index of volts": (trained(2 * mV, index=np.arange(6) * mV), "'index of weights.w' is given in V"),
    "index ragged": (trained(2 * mV, index=[[1], [1, 2]]), "'index of weights.w': rows of one length"),
    # files and progress
    "checkpoint number": ({"checkpoint": 5}, "checkpoint is 5: the path of a file is accepted"),
    "checkpoint folder": ({"checkpoint": "."}, "is a folder, the path of a file is accepted"),
    "progress": ({"progress": "yes"}, "progress is 'yes': True, False or a function is accepted"),
    # what shows while JAX compiles
    "score of an array": (
        {"score": lambda out, y: out.final["cells.v"], "validation": HELD_OUT},
        "the score of a sample is one real number, not float64 of shape (2,)",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_fit_is_refused_in_one_line(program, name):
    options, line = WRONG[name]
    with pytest.raises(BioplastError, match=re.escape(line)) as refused:
        train(program, **options)
    assert "\n" not in str(refused.value)


def test_another_program_is_refused():
    with pytest.raises(BioplastError, match="training needs a program of target 'jax' or 'native', not 'numpy'"):
        train(bioplast.compile(integrators(), STEPS * DT, "numpy", namespace={}))
    with pytest.raises(BioplastError, match=r"a program that bioplast\.compile made is accepted, not a Network"):
        train(integrators())


def test_an_unknown_optimiser_is_an_unknown_name(program):
    with pytest.raises(UnknownName):
        train(program, optimiser="adm")


# What is accepted -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def plain(program):
    return train(program, epochs=1).values["weights.w"]


def test_whole_numbers_of_numpy_are_those_of_python(program, plain):
    found = train(program, batch=np.int64(5), epochs=np.int8(1), seed=np.uint32(3)).values["weights.w"]
    assert found.tobytes() == plain.tobytes()


def test_inputs_in_other_forms_are_the_same(program, plain):
    events = [tuple(np.nonzero(raster)) for raster in S]
    lists = {"source": [(rows * DT, neurons) for rows, neurons in events]}
    for inputs, labels in ((lists, W.tolist()), ({"source": jnp.asarray(S)}, [list(y) for y in W * mV * 1000])):
        assert train(program, inputs, labels, epochs=1).values["weights.w"].tobytes() == plain.tobytes()


def test_an_optimiser_by_name_is_that_of_optax(program):
    named = train(program, optimiser="lion", epochs=2).values["weights.w"]
    assert named.tobytes() == train(program, optimiser=optax.lion(0.01), epochs=2).values["weights.w"].tobytes()


def test_optimisers_that_look_at_the_loss(program):
    """Polyak's step is the loss over the square of its derivative, here with the loss of the batch."""
    fitted = train(program, optimiser=optax.polyak_sgd(max_learning_rate=1e9), batch=17, epochs=2)
    start = program.values["weights.w"]
    left = np.exp(-1 / 5) ** (STEPS - 1 - np.arange(STEPS))
    A = np.einsum("k,nki->ni", left, S.astype(float))
    w = start.reshape(3, 2) * 1e3
    for _ in range(2):
        apart = A @ w - W
        loss, slope = (apart**2).sum() / 17, 2 * 2 * A.T @ apart / 17  # per 2 mV
        w = 2 * (w / 2 - loss / (slope**2).sum() * slope)
    np.testing.assert_allclose(fitted.values["weights.w"].reshape(3, 2) * 1e3, w, rtol=1e-9)
    searched = train(program, optimiser=optax.lbfgs(), batch=17, epochs=8)
    assert searched.history["loss"][-1] < 0.9 * fitted.history["loss"][0]


def test_nothing_warns_of_what_is_ordinary(program):
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        train(program, epochs=1)
        learning.predict(program, {"source": S}, lambda out: out.final["cells.v"])
