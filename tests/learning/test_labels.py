"""Classes and the derivatives of a loss through spikes: what is no class, and what has no derivative, is told."""

from __future__ import annotations

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from brian2 import mV
from support.training import CLASSES, CURRENTS, classify, compiled_spiking, counted

from bioplast import learning
from bioplast.errors import BioplastError


@pytest.fixture(scope="module")
def program():
    return compiled_spiking()


def leading(out, label):
    return learning.count_hinge(out.raster("spikes"), label)


def both(out, label):
    return counted(out, label["class"])


HELD_OUT = {"stim": CURRENTS}


@pytest.mark.parametrize(
    ("labels", "options", "line"),
    [
        (CLASSES + 1, {}, "sample 1: the label is 3: a class is accepted, one whole number from 0 to 2"),
        (CLASSES - 1, {}, "sample 0: the label is -1: a class is accepted"),
        (CLASSES + 1, {"loss": leading}, "sample 1: the label is 3: a class is accepted"),
        ({"class": CLASSES - 1}, {"loss": both}, "sample 0: the label is -1"),
        (CLASSES, {"validation": (HELD_OUT, CLASSES + 1)}, "validation, sample 1: the label is 3"),
        (CLASSES.astype(float), {}, "the label is float64: a class is accepted, one whole number from 0 to 2"),
        (CLASSES > 0, {}, "the label is bool: a class is accepted"),
        (CLASSES * mV, {}, "the label is float64: a class"),
        (np.eye(3, dtype=int)[CLASSES], {}, "the label is int64 of shape (3,): a class is accepted"),
        (CLASSES[:, None], {}, "the label is int64 of shape (1,): a class is accepted"),
    ],
)
def test_labels_that_are_no_classes_are_refused(program, labels, options, line):
    with pytest.raises(BioplastError, match=re.escape(line)):
        classify(program, labels=labels, **options)


def test_classes_as_a_list_are_the_same(program):
    first = classify(program).values["cells.tau"]
    assert classify(program, labels=CLASSES.astype(np.uint8).tolist()).values["cells.tau"].tobytes() == first.tobytes()


@pytest.mark.parametrize("label", [3, -1])
@pytest.mark.parametrize("loss", [learning.cross_entropy, learning.hinge])
def test_a_label_that_jax_traces_gives_nan_where_it_is_no_class(loss, label):
    assert np.isnan(jax.jit(loss)(jnp.arange(3.0), label))
    assert np.isfinite(jax.jit(loss)(jnp.arange(3.0), 2))
    with pytest.raises(BioplastError, match=f"the label is {label}: a class is accepted"):
        loss(jnp.arange(3.0), label)


@pytest.mark.parametrize(
    ("loss", "line"),
    [
        (lambda out, label: label * 1.0 + 1, "it does not depend on it"),
        (lambda out, label: out.counts["counts"].sum() * 1.0, "it does not depend on it"),
        (lambda out, label: counted(out, label) * 0, "it is 0 for all of them"),
    ],
)
def test_a_loss_without_a_derivative_is_not_blamed_on_a_surrogate_that_is_there(program, loss, line):
    with pytest.raises(
        BioplastError, match=f"the loss has no derivative in 'cells.tau' for any sample: {line}"
    ) as told:
        classify(program, loss=loss)
    assert "surrogate" not in str(told.value)


def test_without_a_surrogate_the_groups_that_lack_one_are_named():
    program = compiled_spiking(surrogate=None)
    with pytest.raises(BioplastError, match=r"in 'cells\.tau' for any sample: spikes of 'cells' have one only with a"):
        classify(program)
