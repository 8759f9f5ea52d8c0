"""Tempotrons of Brian2 networks: kernels from equations, the rule's derivatives, and the same answers in a run."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Mohm, Network, NeuronGroup, SpikeGeneratorGroup, SpikeMonitor, StateMonitor, Synapses, ms, mV, nA

import bioplast
from bioplast import learning
from bioplast.errors import BioplastError, RunError, UnknownName, Unsupported
from bioplast.learning.tempotron import rule
from bioplast.models import (
    alpha_current,
    alpha_synapse,
    exponential_current,
    exponential_synapse,
    lif,
    meta_lif,
    probabilistic_meta_lif,
)

DT, DURATION, AFFERENTS = 0.1 * ms, 100 * ms, 40
RNG = np.random.default_rng(3)
LATENCIES = np.floor(RNG.uniform(0, 990, (50, AFFERENTS))) * 1e-4
INPUTS = {"source": [(times, np.arange(AFFERENTS)) for times in LATENCIES]}
LABELS = RNG.random((50, 2)) < 0.5


def network(cell=lif + exponential_current, synapse=exponential_synapse, neurons=2, spread=0.1, **parameters):
    """Afferents of tempotrons with random weights, in units of what would reach the threshold."""
    source = SpikeGeneratorGroup(AFFERENTS, [], [] * ms, dt=DT, name="source")
    given = {"tau_m": [15, 9][:neurons] * ms, **parameters}
    if "tau_syn" in cell.parameters:
        given = {"tau_syn": [4, 8][:neurons] * ms, **given}
    output = cell.group(neurons, dt=DT, name="output", **given)
    afferents = synapse.connect(source, output, dt=DT, name="afferents")
    afferents.w = np.random.default_rng(4).normal(0.1, 1, len(afferents)) * spread * nA
    trace = StateMonitor(output, "v", record=True, dt=DT, name="trace")
    return Network(source, output, afferents, SpikeMonitor(output, name="spikes"), trace)


def program(target="numpy", **given):
    return bioplast.compile(network(**given), DURATION, target, namespace={})


EXACT = (lif + exponential_current).replace(method="exact")
METHODS = {
    "exact": EXACT,
    "exponential_euler": lif + exponential_current,
    "meta": meta_lif + exponential_current,
}


@pytest.mark.parametrize("cell", METHODS.values(), ids=METHODS)
def test_the_highest_potential_is_that_of_a_run(cell):
    more = {"F": 0.4, "beta_tau": 0.5, "beta_theta": -1 * mV} if cell is METHODS["meta"] else {}
    # a threshold that is never reached, so that no spike hides anything
    unreached = program(cell=cell, v_th=1000 * mV, **more)
    maxima = learning.Tempotron(unreached, "afferents.w").maxima(INPUTS)
    rest = unreached.values["output.E_L"]
    inputs = {"source": [(t, i) for t, i in INPUTS["source"][:8]]}
    for k, out in enumerate(unreached.batch(inputs=inputs)):
        trace = out.states["trace"]["v"] - rest
        np.testing.assert_allclose(maxima.values[k], trace.max(axis=0), rtol=1e-9, atol=1e-12)
        # a spike acts from the step on that follows its own
        positive = maxima.times[k] > 0
        np.testing.assert_allclose((maxima.times[k] + 1e-4)[positive], trace.argmax(axis=0)[positive] * 1e-4, rtol=1e-9)


def test_trained_networks_answer_in_a_run_as_the_rule_says():
    live = program(cell=EXACT)
    tempotron = learning.Tempotron(live, "afferents.w")
    before = tempotron.maxima(INPUTS)
    fitted = tempotron.fit(INPUTS, LABELS, rate=1e-3, epochs=20)  # some are still wrong
    after = tempotron.maxima(INPUTS, fitted.values)
    np.testing.assert_array_equal(after.spikes == LABELS, fitted.right)
    assert (before.spikes == LABELS).mean() < 0.7 < fitted.right.mean()
    some = {"source": INPUTS["source"][:20]}
    counts = np.array([out.counts["spikes"] for out in live.batch(fitted.values, some)])
    np.testing.assert_array_equal(counts > 0, after.spikes[:20])
    live.write_back(fitted.values)
    np.testing.assert_array_equal(tempotron.maxima(INPUTS).spikes, after.spikes)


@pytest.mark.build
def test_a_trained_meta_neuron_answers_in_cpp_as_the_rule_says():
    live = program(target="cpp", cell=METHODS["meta"])
    tempotron = learning.Tempotron(live, "afferents.w")
    fitted = tempotron.fit(INPUTS, LABELS, train={"output.tau_m": 15 * ms}, rate=1e-3, epochs=60)
    assert fitted.right.mean() > 0.9
    counts = np.array([out.counts["spikes"] for out in live.batch(fitted.values, INPUTS)])
    np.testing.assert_array_equal(counts > 0, tempotron.maxima(INPUTS, fitted.values).spikes)


def test_all_patterns_are_learned_and_nothing_goes_on_after_that():
    tempotron = learning.Tempotron(program(cell=EXACT), "afferents.w")
    fitted = tempotron.fit(INPUTS, LABELS, rate=1e-3, epochs=400)
    assert fitted.right.all() and (fitted.epochs < 400).all() and len(fitted.wrong) == max(fitted.epochs)
    assert (tempotron.maxima(INPUTS, fitted.values).spikes == LABELS).all()
    assert all(fitted.wrong[epochs - 1, k] == 0 for k, epochs in enumerate(fitted.epochs))
    # each neuron learns by itself, and a seed governs the order alone
    again = tempotron.fit(INPUTS, LABELS, rate=1e-3, epochs=400)
    np.testing.assert_array_equal(again.values["afferents.w"], fitted.values["afferents.w"])
    other = tempotron.fit(INPUTS, LABELS, rate=1e-3, epochs=400, seed=1)
    assert (other.values["afferents.w"] != fitted.values["afferents.w"]).any()


def followed(monkeypatch, tempotron, inputs, wanted, **options):
    """The trained values after each wrong answer to one pattern, whether or not it made the answer right."""
    states = []

    class Recording(rule.Learner):
        def learn(self, *given):
            super().learn(*given)
            states.append(self.state * self.units)

    with monkeypatch.context() as patched:
        patched.setattr(rule, "Learner", Recording)
        fitted = tempotron.fit(inputs, [wanted], **options)
    names = [name for name in fitted.values if name != "afferents.w"]
    columns = {name: np.array(states)[:, [AFFERENTS + k]] for k, name in enumerate(names)}
    return {"afferents.w": np.array(states)[:, :AFFERENTS], **columns}


@pytest.mark.parametrize("cell", METHODS.values(), ids=METHODS)
@pytest.mark.parametrize("wanted", [True, False])
def test_a_change_is_the_rate_times_the_finite_difference(monkeypatch, cell, wanted):
    names = ["afferents.w", "output.tau_m", "output.tau_syn", "output.v_th", "output.R_m"]
    # weights that fall below the threshold or go above it; without steps the potential has a derivative everywhere
    live = program(cell=cell, neurons=1, spread=0.05 if wanted else 0.5)
    tempotron = learning.Tempotron(live, "afferents.w", continuous=True)
    answers = tempotron.maxima(INPUTS).spikes[:, 0]
    pattern = int(np.flatnonzero((answers != wanted) & (tempotron.maxima(INPUTS).values[:, 0] > 0))[0])
    inputs = {"source": [INPUTS["source"][pattern]]}
    values = live.values
    units = {"output.tau_m": 10 * ms, "output.tau_syn": 5 * ms, "output.v_th": 1 * mV, "output.R_m": 100 * Mohm}
    kernel = tempotron.kernels()[0]
    unit = {"afferents.w": kernel.threshold / kernel.peak} | {name: float(value) for name, value in units.items()}
    rate = 1e-3
    states = followed(monkeypatch, tempotron, inputs, wanted, train=units, rate=rate, momentum=0.0, epochs=1)

    def excess(name, k, step):
        changed = {name: values[name].copy()}
        changed[name][k] += step
        found = tempotron.maxima(inputs, changed)
        return found.values[0, 0] - tempotron.kernels(changed)[0].threshold

    for name in names:
        for k in range(0, len(values[name]), 7):
            h = 1e-4 * unit[name]
            slope = (excess(name, k, h) - excess(name, k, -h)) / (2 * h)
            expected = (1 if wanted else -1) * rate * slope * unit[name] ** 2 / kernel.threshold
            assert states[name][0, k] - values[name][k] == pytest.approx(
                expected, rel=2e-4, abs=1e-7 * rate * unit[name]
            )


def test_the_change_of_the_weights_is_the_published_rule(monkeypatch):
    live = program(cell=EXACT, neurons=1, spread=0.02, tau_m=15 * ms, tau_syn=3.75 * ms)
    tempotron = learning.Tempotron(live, "afferents.w", continuous=True)
    inputs = {"source": INPUTS["source"][:1]}
    kernel = learning.Kernel.normalised(15 * ms, 3.75 * ms)
    time = tempotron.maxima(inputs).times[0, 0]
    unit = tempotron.kernels()[0].threshold / tempotron.kernels()[0].peak
    expected = 1e-3 * kernel(time - LATENCIES[0])
    start = live.values["afferents.w"]
    states = followed(monkeypatch, tempotron, inputs, True, rate=1e-3, epochs=1)["afferents.w"]
    np.testing.assert_allclose((states[0] - start) / unit, expected, atol=1e-12)
    assert expected.max() > 5e-4


def test_momentum_adds_a_share_of_the_last_change(monkeypatch):
    live = program(cell=EXACT, neurons=1, spread=0.02)
    tempotron = learning.Tempotron(live, "afferents.w")
    inputs = {"source": INPUTS["source"][:1]}

    def steps(momentum):
        # one pattern that should spike and does not: each epoch is a step along nearly the same slope
        states = followed(monkeypatch, tempotron, inputs, True, epochs=3, momentum=momentum, rate=1e-5)["afferents.w"]
        return np.diff([live.values["afferents.w"], *states], axis=0)

    plain, eased = steps(0.0), steps(0.5)
    np.testing.assert_allclose(eased[0], plain[0])
    np.testing.assert_allclose(eased[1], 1.5 * plain[0], rtol=2e-3, atol=1e-18)
    np.testing.assert_allclose(eased[2], 1.75 * plain[0], rtol=4e-3, atol=1e-18)


def test_thresholds_and_time_constants_are_learned_within_their_bounds():
    tempotron = learning.Tempotron(program(cell=EXACT), "afferents.w")
    train = {
        "output.tau_m": learning.Trainable(10 * ms, low=5 * ms, high=15 * ms),
        "output.v_th": 10 * mV,
    }
    fitted = tempotron.fit(INPUTS, LABELS, train=train, rate=1e-3, epochs=400)
    assert fitted.right.all()
    tau, start = fitted.values["output.tau_m"], np.array([15e-3, 9e-3])
    assert (tau != start).all() and ((tau >= 5e-3) & (tau <= 15e-3 + 1e-12)).all()
    assert (fitted.values["output.v_th"] != -50e-3).all()
    some = {"source": INPUTS["source"][:20]}
    counts = np.array([out.counts["spikes"] for out in tempotron.program.batch(fitted.values, some)])
    np.testing.assert_array_equal(counts > 0, LABELS[:20])


def test_a_neuron_that_spikes_at_random_learns_for_the_level_that_is_named():
    live = program(cell=probabilistic_meta_lif + exponential_current)
    with pytest.raises(Unsupported, match=r"its threshold 'rand\(\) .*threshold='theta'"):
        learning.Tempotron(live, "afferents.w")
    named = learning.Tempotron(live, "afferents.w", threshold="theta").fit(INPUTS, LABELS, rate=1e-3, epochs=5)
    plain = learning.Tempotron(program(cell=METHODS["meta"]), "afferents.w").fit(INPUTS, LABELS, rate=1e-3, epochs=5)
    np.testing.assert_array_equal(named.values["afferents.w"], plain.values["afferents.w"])


def test_afferents_may_be_some_of_all():
    live = network(cell=EXACT, neurons=2)
    sparse = Network(*(o for o in live.objects if o.name in ("source", "output", "spikes")))
    source, output = live["source"], live["output"]
    some = Synapses(source, output, "w : amp", on_pre="I_syn_post += w", dt=DT, name="some")
    some.connect(i=[0, 5, 7, 9], j=[1, 0, 1, 0])
    some.w = [3, 2, 1, 4] * nA
    sparse.add(some)
    tempotron = learning.Tempotron(bioplast.compile(sparse, DURATION, "numpy", namespace={}), "some.w")
    found = tempotron.maxima(INPUTS)
    dense = np.zeros((2, AFFERENTS))
    dense[[1, 0, 1, 0], [0, 5, 7, 9]] = np.array([3, 2, 1, 4]) * 1e-9
    patterns = learning.Patterns.of_latencies(LATENCIES)
    for k, kernel in enumerate(tempotron.kernels()):
        expected = kernel.maxima(patterns, dense[k], DURATION - DT, DT)
        np.testing.assert_allclose(found.values[:, k], expected.values)
    fitted = tempotron.fit(INPUTS, LABELS, epochs=2, rate=1e-3)
    assert fitted.values["some.w"].shape == (4,)


def test_what_is_no_tempotron_is_refused_by_name():
    def refused(message, error=Unsupported, weights="afferents.w", **given):
        with pytest.raises(error, match=message):
            learning.Tempotron(program(**given), weights)

    refused(
        "I_alpha follows v or x_alpha, so there is a third time constant",
        cell=lif + alpha_current,
        synapse=alpha_synapse,
    )
    refused("method 'euler' is not followed; accepted: exact", cell=EXACT.replace(method="euler"))
    refused("unknown value 'afferents.u'", UnknownName, "afferents.u")
    refused("'output.v' is no weight of synapses", BioplastError, "output.v")
    refused("a tempotron of output begins at rest, v = -0.06, not at -0.055", BioplastError, v=-55 * mV)
    refused("begins with I_syn = 0", BioplastError, I_syn=1 * nA)
    refused("threshold of its potential is -0.001: .*a threshold above rest", BioplastError, v_th=-61 * mV)
    refused("begins at rest, v = -0.06, not at -0.061", BioplastError, E_L=-60 * mV, v=-61 * mV)


LEAKY = "dv/dt = (x - v)/(10*ms) : 1\ndx/dt = -x/(3*ms) : 1"
REFUSED = {
    "quadratic": ({"model": LEAKY.replace("- v", "- v**2")}, "dv/dt is not linear in v"),
    "driven": ({"model": LEAKY.replace("x - v", "x - v + sin(t/ms)")}, "changes with time"),
    "relaxed": ({"model": LEAKY.replace("-x/(3*ms)", "(1 - x)/(3*ms)")}, "x changes without any spike"),
    "coupled": ({"model": LEAKY.replace("-x", "(v - x)")}, "x follows v"),
    "undecaying": ({"model": LEAKY.replace("-x/(3*ms)", "0/second")}, "x does not decay"),
    "random": ({"threshold": "rand() < v"}, "threshold= names the level"),
    "moving": ({"threshold": "v > 1 + x"}, "its threshold depends on v or x"),
    "doubled": ({"on_pre": "x_post += w; v_post += w"}, "'x_post \\+= w; v_post \\+= w'.*is accepted"),
    "squared": ({"on_pre": "x_post += w**2"}, "a multiple of w is accepted"),
    "voltage": ({"on_pre": "v_post += w"}, "a spike of afferents changes v; a variable with an equation of its own"),
    "post": ({"on_post": "w += 1"}, "2 pathways; one, on_pre, is accepted"),
    "delayed": ({"delay": 1 * ms}, "afferents has delays"),
}


def plain(model=LEAKY, threshold="v > 1", on_pre="x_post += w", delay=None, others=0, **options):
    source = SpikeGeneratorGroup(3, [], [] * ms, dt=DT, name="source")
    output = NeuronGroup(1, model, threshold=threshold, reset="v = 0", method="exponential_euler", dt=DT, name="output")
    synapses = []
    for name in ["afferents", "others"][: 1 + others]:
        synapses.append(Synapses(source, output, "w : 1", on_pre=on_pre, delay=delay, dt=DT, name=name, **options))
        synapses[-1].connect()
        synapses[-1].w = 2.5
    return bioplast.compile(Network(source, output, synapses), DURATION, "numpy", namespace={})


def test_plain_equations_have_a_kernel():
    kernel = learning.Tempotron(plain(on_pre="x += 3*w"), "afferents.w").kernels()[0]
    assert (kernel.tau, kernel.tau_s, kernel.threshold) == pytest.approx((10e-3, 3e-3, 1))
    assert kernel.gain == pytest.approx(3, rel=0.03)  # 3 for steps that are infinitely small


@pytest.mark.parametrize(("given", "message"), REFUSED.values(), ids=REFUSED)
def test_other_equations_are_refused_by_name(given, message):
    with pytest.raises(BioplastError, match=message):
        learning.Tempotron(plain(**given), "afferents.w")


def test_nothing_else_may_drive_a_tempotron():
    driven = plain()
    driven.network["output"].run_regularly("v += 0.1", dt=1 * ms, name="kick")
    with pytest.raises(Unsupported, match="kick changes it too"):
        learning.Tempotron(bioplast.compile(driven.network, DURATION, "numpy", namespace={}), "afferents.w")
    with pytest.raises(Unsupported, match="others drives it too; only the trained synapses afferents may"):
        learning.Tempotron(plain(others=1), "afferents.w")


def test_wrong_arguments_end_in_one_line():
    tempotron = learning.Tempotron(program(), "afferents.w")

    def refused(message, error=BioplastError, inputs=INPUTS, labels=LABELS, **options):
        with pytest.raises(error, match=message):
            tempotron.fit(inputs, labels, **options)

    refused("unknown input of a tempotron 'pixels'.*accepted: source", UnknownName, inputs={"pixels": []})
    refused(r"labels of shape \(50, 3\): True or False \[patterns, neurons\] = \[50, 2\]", labels=np.zeros((50, 3)))
    refused("labels of shape", labels=LABELS * 2)
    refused("unknown value to be trained beside the weights 'output.E_L'", UnknownName, train={"output.E_L": 1 * mV})
    refused("momentum is 1: a number from 0", momentum=1)
    refused("rate is 0 in epoch 0: a positive number", rate=0)
    refused("rate is -0.5 in epoch 1: a positive number", rate=lambda epoch: 0.5 - epoch)
    refused("epochs is 0", epochs=0)
    refused("progress is 'yes': True, False or a function", progress="yes")
    refused("seed is -1", seed=-1)
    refused("is after the run's end", inputs={"source": [([0.1001], [0])] * 50})
    refused("is after the run's end", inputs={"source": [([0.1], [0])] * 50})
    refused("an afferent spikes at most once in a step", inputs={"source": [([0.02, 0.02005], [3, 3])] * 50})
    refused("patterns of 40 afferents", inputs={"source": np.zeros((50, 1000, 3))})
    with pytest.raises(RunError, match="a smaller rate or bounds may help"):
        tempotron.fit(INPUTS, LABELS, train={"output.tau_m": 1000 * ms}, rate=0.1)


def test_what_is_no_program_is_told():
    with pytest.raises(BioplastError, match=r"a program that bioplast\.compile made is accepted, not a Network"):
        learning.Tempotron(Network(), "afferents.w")
