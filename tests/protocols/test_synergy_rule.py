"""The rule of multi-plasticity synergy: a plain transcription of the paper's equations, and finite differences."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support import mpsl

from bioplast.program.jax import outer

FORMS = {"matrices": 0.0, "products": np.inf}


@pytest.fixture(params=FORMS)
def form(request, monkeypatch):
    """Target jax with a matrix of weights for each run, and with sums of outer products."""
    monkeypatch.setattr(outer, "WORTH", FORMS[request.param])
    return request.param


def check(program, seed):
    start, spikes = mpsl.weights(seed), 0
    for sample in mpsl.images(seed):
        out = program(inputs={"image": sample})
        S, U, W = mpsl.transcribed(start, sample)
        for n in range(len(S)):
            np.testing.assert_array_equal(out.raster(f"spikes{n + 1}"), S[n])
            np.testing.assert_allclose(out.states[f"trace{n + 1}"]["v"], U[n], rtol=1e-9, atol=1e-9 * mpsl.V_TH)
            for k in (2, 3):
                found = out.final[f"w{n + 1}.w_{k}"].reshape(W[n][k - 2].shape)
                np.testing.assert_allclose(found, W[n][k - 2], rtol=1e-9, atol=1e-9 * mpsl.V_TH)
        spikes += sum(s.sum() for s in S)
    assert spikes > 50


@pytest.mark.parametrize("seed", [0, 1])
def test_on_numpy_it_is_what_the_equations_say(seed):
    check(mpsl.compiled(mpsl.weights(seed), "numpy"), seed)


@pytest.mark.parametrize("seed", [0, 1])
def test_on_jax_it_is_what_the_equations_say(seed, form):
    check(mpsl.compiled(mpsl.weights(seed), "jax"), seed)


def test_its_gradients_are_finite_differences(form):
    start, image = mpsl.weights(2), mpsl.images(2, samples=2)
    program = mpsl.compiled(start, "jax")
    keys = [f"w{n}.{name}" for n in (1, 2, 3) for name in mpsl.NUMBERS]

    def loss(values):
        out = program.batch(values, {"image": jnp.asarray(image)})
        return ((out.states["trace3"]["v"] / mpsl.V_TH) ** 2).sum() + (out.final["w1.w_3"] / 1e-3).sum()

    with jax.enable_x64(True):
        measured = jax.jit(loss)
        values = {key: jnp.asarray(program.values[key]) for key in keys}
        slopes = jax.jit(jax.grad(loss))(values)
        for key in keys:
            width = 1e-4 * float(program.values[key])  # less than would move a spike here
            up, down = (measured({**values, key: values[key] + s * width}) for s in (1, -1))
            expected = float(up - down) / (2 * width)
            assert float(slopes[key]) == pytest.approx(expected, rel=1e-5), key
            # nothing comes after the last layer, so that lambda_p is without effect there
            assert (float(slopes[key]) != 0) == (key != "w3.lambda_p"), key


def test_a_sample_does_not_depend_on_the_others_of_its_batch(form):
    program, image = mpsl.compiled(mpsl.weights(3), "jax"), mpsl.images(3, samples=4)
    together = program.batch(inputs={"image": image})
    for sample, out in zip(image, together, strict=True):
        alone = program(inputs={"image": sample})
        np.testing.assert_allclose(out.states["trace3"]["v"], alone.states["trace3"]["v"], rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(out.final["w2.w_3"], alone.final["w2.w_3"], rtol=1e-12, atol=1e-15)
    assert len({float(out.final["w2.w_3"].sum()) for out in together}) == 4
