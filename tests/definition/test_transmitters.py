"""Several transmitters in one synapse: equations, effect, plasticity, and the one weight they merge into."""

import itertools
import pickle

import numpy as np
import pytest
from brian2 import Network, SpikeGeneratorGroup, SpikeMonitor, StateMonitor, Synapses, amp, ms, mV, nA, nS

import bioplast
from bioplast import Neuron, Parameter, Synapse
from bioplast.definition import co_release, merged, merged_weights, onto
from bioplast.definition.transmitters import releases, without_plasticity
from bioplast.errors import BioplastError, DefinitionError, UnknownName
from bioplast.models import (
    ampa,
    ampa_synapse,
    exponential_current,
    exponential_synapse,
    gaba_a,
    gaba_a_synapse,
    gap_junction,
    hebbian_decay,
    lif,
    nmda,
    nmda_synapse,
    pair_stdp,
    sbp,
    sbp_sums,
    tsodyks_markram,
)

DT = 0.1 * ms
CLAMP = Neuron("v : volt\nmeasured = I : amp", input="I", method="exact", name="clamp")


# ---- the definition --------------------------------------------------------------------------------------------------


def test_it_prints_its_final_equations():
    three = co_release(fast=pair_stdp, slow=nmda_synapse, gaba=gaba_a_synapse)
    text = str(three)
    assert text.startswith("fast_slow_gaba (synapse)")
    for line in (
        "w_fast : 1",
        "dP_fast/dt = -P_fast/tau_plus_fast : 1 (event-driven)",
        "lambda_slow : 1 (constant)",
        "g_ampa_post += lambda_fast*(g_max_fast*w_fast); P_fast += A_plus_fast",
        "x_nmda_post += lambda_slow*w_slow; g_gaba_a_post += lambda_gaba*w_gaba",
        "on_post        M_fast -= A_minus_fast; w_fast = clip(w_fast + P_fast, 0, 1)",
    ):
        assert line in text
    assert three.requires_post.keys() == {"g_ampa", "x_nmda", "g_gaba_a"}
    assert three.source.count("doi:") == 4
    assert releases(three)[1] == ("x_nmda", "lambda_slow*w_slow")


def test_transmitters_of_one_kind_live_side_by_side():
    two = co_release(a=pair_stdp, b=onto(pair_stdp, {"g_ampa": "x_nmda"}, A_plus=0.01))
    assert two.parameters["A_plus_a"].value == 0.005
    assert two.parameters["A_plus_b"].value == 0.01
    assert two.initial == {"w_a": 0.5, "w_b": 0.5}
    assert two == pickle.loads(pickle.dumps(two))
    assert two.replace(lambda_b=0.3).parameters["lambda_b"].value == 0.3


def test_what_belongs_to_the_neurons_keeps_its_name():
    one = co_release(sbp=sbp)
    assert "P_row_pre = P_sbp : 1 (summed)" in one.equations
    assert one.requires_pre == sbp.requires_pre
    temporary = Synapse("w : siemens", on_pre="jump = 2*w\ng_ampa_post += jump", requires_post={"g_ampa": nS})
    two = co_release(a=temporary, b=temporary)
    assert two.on_pre.splitlines()[0] == "jump_a = 2*w_a"
    assert two.on_pre.splitlines()[3] == "g_ampa_post += lambda_b*jump_b"


def test_a_rule_acts_on_another_receptor_in_its_unit():
    current = onto(
        pair_stdp,
        {"g_ampa": "I_syn"},
        requires_post={"I_syn": amp},
        g_max=Parameter(0.1 * nA, meaning="current at w = 1"),
    )
    assert releases(current) == [("I_syn", "g_max*w")]
    assert current.requires_post["I_syn"].dim is amp.dim
    with pytest.raises(UnknownName, match="postsynaptic variable of pair_stdp 'g_amp'"):
        onto(pair_stdp, {"g_amp": "I_syn"})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: co_release(), "needs at least one transmitter"),
        (lambda: co_release(a=ampa), "a must be a Synapse"),
        (lambda: co_release(a=gap_junction), r"a \(gap_junction\) has no line in on_pre that adds"),
        (lambda: co_release(a=sbp, b=sbp), "both define"),
        (lambda: merged(co_release(a=tsodyks_markram)), r"u_a may change while the synapse works"),
        (lambda: merged(co_release(a=hebbian_decay)), r"name it: weights=\['H_a'\]"),
        (lambda: merged(gap_junction), "there is nothing to merge"),
        (lambda: merged(ampa_synapse, weights=["q"]), "unknown weight of ampa_synapse 'q'"),
        (lambda: releases(Synapse("", on_pre={"a": "v_post += w", "b": "v_post += w"}, requires_post={"v": mV},
                                  parameters={"w": Parameter(1 * mV)})), "several presynaptic pathways"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_one_line(make, message):
    with pytest.raises(BioplastError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_only_live_synapses_of_a_definition_have_merged_weights():
    cells = (lif + ampa).group(1)
    with pytest.raises(DefinitionError, match="'plain' was not made by a Synapse definition"):
        merged_weights(Synapses(cells, cells, name="plain"))


# ---- its effect ------------------------------------------------------------------------------------------------------


def test_each_transmitter_has_its_kinetics_reversal_and_coefficient():
    both = co_release(glutamate=ampa_synapse, slow=nmda_synapse, gaba=gaba_a_synapse)
    source = SpikeGeneratorGroup(1, [0, 0], [5, 12] * ms, dt=DT)
    cell = (CLAMP + ampa + nmda + gaba_a).group(1, dt=DT, v=-60 * mV)
    values = {"w_glutamate": 6 * nS, "w_slow": 2 * nS, "w_gaba": 5 * nS}
    synapses = both.connect(source, cell, dt=DT, lambda_glutamate=0.5, lambda_slow=0.25, lambda_gaba=1, **values)
    trace = StateMonitor(cell, ["g_ampa", "g_nmda", "g_gaba_a", "measured"], record=0, dt=DT)
    Network(source, cell, synapses, trace).run(40 * ms)
    since = np.asarray(trace.t / ms)[:, None] - [5.1, 12.1]

    def summed(kernel):
        return np.where(since > -0.05, kernel(np.clip(since, 0, None)), 0).sum(axis=1)

    g_ampa = 3 * summed(lambda s: np.exp(-s / 5))
    g_nmda = 0.5 * summed(lambda s: 100 / 98 * (np.exp(-s / 100) - np.exp(-s / 2)))
    g_gaba = 5 * summed(lambda s: np.exp(-s / 10))
    np.testing.assert_allclose(trace.g_ampa[0] / nS, g_ampa, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(trace.g_nmda[0] / nS, g_nmda, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(trace.g_gaba_a[0] / nS, g_gaba, rtol=1e-10, atol=1e-12)
    current = g_ampa * 60 + g_nmda * 60 / (1 + np.exp(0.062 * 60) / 3.57) + g_gaba * -20  # pA
    np.testing.assert_allclose(np.asarray(trace.measured[0]) / 1e-12, current, rtol=1e-10, atol=1e-9)


# ---- learning with three kinds at once, and inference ----------------------------------------------------------------

TRANSMITTERS = co_release(fixed=exponential_synapse, hebb=hebbian_decay, sbp=sbp)
WEIGHTS = ("H_hebb", "w_sbp")
CELL = (lif + exponential_current + sbp_sums).replace(tau_ref=2 * ms)
SIZES = (12, 8, 4)
DURATION = 200 * ms
CONSTANTS = {
    "lambda_fixed": 0.8, "lambda_hebb": 0.6, "lambda_sbp": 0.9, "alpha_hebb": 0.3 * nA, "eta_hebb": 0.3,
    "tau_H_hebb": 500 * ms, "I_max_sbp": 0.1 * nA, "alpha_sbp": 1, "A_plus_sbp": 0.1, "A_minus_sbp": 0.105,
}  # fmt: skip


def network(definition, values):
    """Input, hidden and output cells; fixed spikes drive the input layer, both synapses are of one definition."""
    rng = np.random.default_rng(6)
    steps, indices = np.nonzero(rng.random((2000, SIZES[0])) < 0.004)
    spikes = SpikeGeneratorGroup(SIZES[0], indices, steps * DT, dt=DT, name="stimulus")
    layers = [CELL.group(n, dt=DT, name=f"layer_{k}") for k, n in enumerate(SIZES)]
    drive = exponential_synapse.connect(spikes, layers[0], j="i", w=1.5 * nA, dt=DT, name="drive")
    names = ("into_hidden", "into_output")
    synapses = [
        definition.connect(layers[k], layers[k + 1], dt=DT, name=name, delay=1 * ms, **values[k])
        for k, name in enumerate(names)
    ]
    monitors = [SpikeMonitor(layer, name=f"spikes_{k}") for k, layer in enumerate(layers)]
    return Network(spikes, drive, *layers, *synapses, *monitors)


def fixed_weights():
    rng = np.random.default_rng(7)
    return [rng.uniform(0.2, 0.6, a * b) * nA for a, b in itertools.pairwise(SIZES)]


def learning():
    constants = [{**CONSTANTS, "h_sbp": h} for h in (1, 0)]
    return network(TRANSMITTERS, [{**c, "w_fixed": w} for c, w in zip(constants, fixed_weights(), strict=True)])


def assert_same_spikes(one, two):
    for k in range(len(SIZES)):
        for found, expected in zip(one.events(f"spikes_{k}"), two.events(f"spikes_{k}"), strict=True):
            np.testing.assert_array_equal(found, expected)


@pytest.fixture(scope="module")
def learned():
    net = learning()
    program = bioplast.compile(net, DURATION, target="numpy", namespace={})
    out = program()
    program.write_back(out.final)
    return net, out


def test_fixed_hebbian_and_sbp_transmitters_learn_together(learned):
    net, out = learned
    counts = [len(out.events(f"spikes_{k}")[0]) for k in range(3)]
    assert min(counts) > 20
    for name, fixed in zip(("into_hidden", "into_output"), fixed_weights(), strict=True):
        np.testing.assert_array_equal(np.asarray(net[name].w_fixed), np.asarray(fixed))
        assert np.ptp(net[name].H_hebb) > 0.1
        assert np.ptp(net[name].w_sbp) > 0.01


@pytest.mark.long
@pytest.mark.build
def test_three_kinds_of_transmitters_are_the_same_on_numpy_and_cpp(learned):
    _, expected = learned
    found = bioplast.compile(learning(), DURATION, target="cpp", namespace={})()
    assert_same_spikes(found, expected)
    for key, value in expected.final.items():
        value, other = np.asarray(value, float), np.asarray(found.final[key], float)
        if value.size:
            assert np.abs(value - other).max() <= 1e-9 * np.abs(value).max(), key


def test_one_merged_weight_gives_the_same_output_spikes(learned):
    net, out = learned
    live = [net["into_hidden"], net["into_output"]]
    still, single = without_plasticity(TRANSMITTERS, WEIGHTS), merged(TRANSMITTERS, WEIGHTS)
    assert "P_sbp" not in still.variables
    assert single.on_pre == "I_syn_post += W"
    kept = [
        {name: np.asarray(getattr(s, name)) for name in WEIGHTS}
        | {name: getattr(s, name)[:] for name in still.parameters}
        for s in live
    ]
    weights = [merged_weights(s, WEIGHTS) for s in live]
    for s, weight in zip(live, weights, strict=True):
        expected = 0.8 * s.w_fixed[:] + 0.6 * 0.3 * nA * s.H_hebb[:] + 0.9 * 0.1 * nA * s.w_sbp[:]
        np.testing.assert_allclose(weight["W"] / nA, expected / nA, rtol=1e-12)
    several = bioplast.compile(network(still, kept), DURATION, target="numpy", namespace={})()
    one = bioplast.compile(network(single, weights), DURATION, target="numpy", namespace={})()
    assert_same_spikes(one, several)
    assert min(len(one.events(f"spikes_{k}")[0]) for k in range(3)) > 20
    assert not np.array_equal(one.events("spikes_2")[0], out.events("spikes_2")[0])  # what was learned matters


def test_other_kinetics_keep_a_weight_each():
    both = co_release(fast=pair_stdp, faster=ampa_synapse, slow=nmda_synapse)
    assert merged(both).on_pre == "g_ampa_post += W_g_ampa\nx_nmda_post += W_x_nmda"
    source = SpikeGeneratorGroup(2, [0], [1] * ms)
    cells = (lif + ampa + nmda).group(2)
    synapses = both.connect(source, cells, lambda_fast=0.5, w_fast=[0, 1, 0.5, 0.2], w_faster=2 * nS, w_slow=3 * nS)
    found = merged_weights(synapses)
    np.testing.assert_allclose(found["W_g_ampa"] / nS, 2 + 0.5 * 0.15 * np.array([0, 1, 0.5, 0.2]))
    np.testing.assert_allclose(found["W_x_nmda"] / nS, [3, 3, 3, 3])
    merged(both).connect(source, cells, i=synapses.i[:], j=synapses.j[:], **found)
    assert merged(both).parameters["W_g_ampa"].meaning == "what a spike adds to g_ampa"


# ---- plasticity in pathways of its own, what transmitters share, what the presynaptic neuron sends -------------------

SENT = Synapse("w : volt", on_pre="v_post += w*x_pre", requires_pre={"x": 1}, requires_post={"v": mV})
LEARNING = Synapse(
    "w : volt",
    on_pre={"pre": "v_post += 2*w*x_pre", "learn": "w += eta*v_post"},
    requires_pre={"x": 1},
    requires_post={"v": mV},
    parameters={"eta": Parameter(0.1)},
)


def test_a_transmitter_may_learn_in_a_pathway_of_its_own_and_share_a_parameter():
    both = co_release(Parameter(0.5, shared=True), ["eta"], a=SENT, b=LEARNING, c=LEARNING)
    assert dict(both.on_pre) == {
        "pre": "v_post += lambda_a*(w_a*x_pre)\nv_post += lambda_b*(2*w_b*x_pre)\nv_post += lambda_c*(2*w_c*x_pre)",
        "learn": "w_b += eta*v_post\nw_c += eta*v_post",
    }
    assert {name: p.shared for name, p in both.parameters.items()} == {
        "lambda_a": True,
        "eta": False,
        "lambda_b": True,
        "lambda_c": True,
    }
    assert both.parameters["lambda_c"].value == 0.5
    different = LEARNING.replace(eta=0.2)
    with pytest.raises(DefinitionError, match="both declare eta, but differently"):
        co_release(Parameter(1.0), ["eta"], b=LEARNING, c=different)


def test_what_the_presynaptic_neuron_sends_stays_beside_the_merged_weight():
    both = co_release(a=SENT, b=LEARNING)
    assert merged(both).on_pre == "v_post += W*x_pre"
    assert merged(both).requires_pre.keys() == {"x"}
    cells = Neuron("v : volt\nx : 1", threshold="x > 0", reset="", name="cells").group(3, dt=DT, x="i", v=0 * mV)
    synapses = both.connect(cells, cells, dt=DT, w_a=1 * mV, w_b="i*mV", lambda_b=0.25)
    np.testing.assert_allclose(merged_weights(synapses)["W"] / mV, np.repeat([1, 1.5, 2], 3))


def test_a_weight_cannot_stand_for_what_is_sent_and_for_what_is_not():
    plain = Synapse("w : volt", on_pre="v_post += w", requires_post={"v": mV})
    with pytest.raises(DefinitionError, match="one weight cannot stand for both"):
        merged(co_release(a=SENT, b=plain))
    bent = Synapse("w : volt", on_pre="v_post += w*x_pre**2", requires_pre={"x": 1}, requires_post={"v": mV})
    with pytest.raises(DefinitionError, match="x_pre may change while the synapse works"):
        merged(co_release(a=bent))
