"""Networks in NeuroML 2: what is read is what the definitions say, and what is written is read back."""

from __future__ import annotations

import math

import neuroml_files
import numpy as np
import pytest
from brian2 import (
    Hz,
    Network,
    NeuronGroup,
    PoissonGroup,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    defaultclock,
    ms,
    mV,
    nA,
    nS,
    prefs,
)

import bioplast
from bioplast import exchange
from bioplast.errors import BioplastError, Unsupported
from bioplast.exchange.neuroml.cells import CELLS
from bioplast.exchange.neuroml.synapses import receptor, synapse
from bioplast.models import (
    adex,
    alpha_current,
    alpha_synapse,
    ampa,
    ampa_synapse,
    fitzhugh_nagumo,
    gaba_a,
    gaba_a_synapse,
    gap_current,
    izhikevich_2003,
    lif,
    nmda,
)


@pytest.fixture(autouse=True)
def _step():
    target = prefs.codegen.target
    prefs.codegen.target = "numpy"
    defaultclock.dt = 0.1 * ms
    yield
    prefs.codegen.target = target
    defaultclock.dt = 0.1 * ms


CELL = '<iafCell id="cell" leakReversal="-70mV" thresh="-55mV" reset="-70mV" C="0.2nF" leakConductance="0.01uS"/>'


def nml(components="", network=""):
    return (
        '<neuroml xmlns="http://www.neuroml.org/schema/neuroml2" id="x">'
        f'{components}<network id="n">{network}</network></neuroml>'
    )


def read(tmp_path, *parts, **options):
    path = tmp_path / "x.nml"
    path.write_text(nml(*parts))
    return exchange.read_neuroml(path, **options)


def run(network, duration=100 * ms, target="numpy"):
    return bioplast.compile(network, duration, target=target)(seed=1)


def spikes(network, *groups, duration=100 * ms, target="numpy"):
    """The raster of each group."""
    monitors = [SpikeMonitor(network[name], name=f"{name}_seen") for name in groups]
    network.add(*monitors)
    out = run(network, duration, target)
    return [out.raster(monitor.name) for monitor in monitors]


# ---- what is read --------------------------------------------------------------------------------------------------


def test_a_cell_under_a_pulse_spikes_when_the_closed_form_says(tmp_path):
    """From reset to threshold it takes tau*log((v_inf - reset)/(v_inf - thresh))."""
    network = read(
        tmp_path,
        CELL + '<pulseGenerator id="p" delay="10ms" duration="1s" amplitude="0.3nA"/>',
        '<population id="cells" component="cell" size="2"/>'
        '<inputList id="i" population="cells" component="p">'
        '<input id="0" target="../cells/1/cell" destination="synapses"/></inputList>',
        dt=0.01 * ms,
        method="exponential_euler",
    )
    (raster,) = spikes(network, "cells", duration=100 * ms)
    period = 20 * math.log(30 / 15)  # ms; v_inf = -70 mV + 0.3 nA/10 nS
    assert not raster[:, 0].any()
    found = np.flatnonzero(raster[:, 1]) * 0.01
    assert len(found) == 6
    # the threshold is passed at the end of a step
    assert np.all(np.abs(found - (10 + period * np.arange(1, 7))) <= 0.01 * np.arange(1, 7) + 1e-9)


CURVES = {
    # s is the time since the spike
    "expOneSynapse": ('gbase="2nS" erev="0mV" tauDecay="4ms"', lambda s: 2 * np.exp(-s / 4)),
    "expTwoSynapse": (
        'gbase="2nS" erev="0mV" tauRise="1ms" tauDecay="4ms"',
        # the peak is gbase, whatever the time constants are
        lambda s: 2 * (np.exp(-s / 4) - np.exp(-s / 1)) / (4 ** (-1 / 3) - 4 ** (-4 / 3)),
    ),
    "alphaSynapse": ('gbase="2nS" erev="0mV" tau="3ms"', lambda s: 2 * s / 3 * np.exp(1 - s / 3)),
}


@pytest.mark.parametrize("kind", CURVES)
def test_a_synapse_opens_as_its_closed_form(tmp_path, kind):
    parameters, curve = CURVES[kind]
    network = read(
        tmp_path,
        CELL + f'<{kind} id="s" {parameters}/><spikeArray id="a"><spike id="0" time="5ms"/></spikeArray>',
        '<population id="cells" component="cell" size="2"/><population id="source" component="a" size="1"/>'
        '<projection id="p" presynapticPopulation="source" postsynapticPopulation="cells" synapse="s">'
        '<connection id="0" preCellId="../source[0]" postCellId="../cells[0]"/>'
        '<connectionWD id="1" preCellId="../source[0]" postCellId="../cells[1]" weight="2.5" delay="2ms"/>'
        "</projection>",
        dt=0.005 * ms,
    )
    monitor = StateMonitor(network["cells"], "g_s", record=True, name="seen", clock=network["cells"].clock)
    network.add(monitor)
    found = np.asarray(run(network, 30 * ms).states["seen"]["g_s"]) * 1e9
    t = np.arange(len(found)) * 0.005
    for k, (weight, delay) in enumerate([(1.0, 0.0), (2.5, 2.0)]):
        # what a spike of a step does is there from the next step on
        s = t - 5.005 - delay
        expected = weight * np.where(s >= -1e-9, curve(np.maximum(s, 0)), 0.0)
        # Euler's method is of first order: half a step over the shortest time constant, twice where two are involved
        assert np.abs(found[:, k] - expected).max() < 2 * weight * 0.005 / 1
        assert found[:, k].max() > 1.9 * weight


def test_a_current_synapse_moves_the_charge_that_it_should(tmp_path):
    """The integral of an alpha function that peaks at ibase is e*tau*ibase."""
    network = read(
        tmp_path,
        CELL + '<alphaCurrentSynapse id="s" tau="3ms" ibase="0.1nA"/>'
        '<spikeArray id="a"><spike id="0" time="5ms"/></spikeArray>',
        '<population id="cells" component="cell" size="1"/><population id="source" component="a" size="1"/>'
        '<synapticConnection from="source[0]" to="cells[0]" synapse="s" destination="synapses"/>'
        '<synapticConnectionWD from="source[0]" to="cells[0]" synapse="s" weight="-0.5" delay="1ms"/>',
    )
    network.add(StateMonitor(network["cells"], "I_s", record=True, name="seen"))
    current = np.asarray(run(network).states["seen"]["I_s"])
    # the sum of Euler's steps is exact for linear equations
    assert current.sum() * 0.1 == pytest.approx(0.5 * math.e * 3 * 0.1e-9, rel=1e-9)


def test_populations_may_be_lists_and_files_include_others(tmp_path):
    (tmp_path / "cells").mkdir()
    (tmp_path / "cells" / "cell.nml").write_text(
        f'<neuroml xmlns="http://www.neuroml.org/schema/neuroml2" id="c"><include href="../more.nml"/>{CELL}</neuroml>'
    )
    (tmp_path / "more.nml").write_text(
        '<neuroml xmlns="http://www.neuroml.org/schema/neuroml2" id="m"><include href="cells/cell.nml"/></neuroml>'
    )
    places = "".join(f'<instance id="{k}"><location x="{k}" y="0" z="0"/></instance>' for k in range(3))
    network = read(
        tmp_path,
        '<include href="cells/cell.nml"/><notes>of &lt;cells&gt;</notes>',
        '<property tag="recommended_dt_ms" value="0.05"/>'
        f'<population id="_cells" component="cell" type="populationList" size="3">{places}</population>',
    )
    assert len(network["group_cells"]) == 3
    assert float(network["group_cells"].clock.dt) == pytest.approx(5e-5)


def test_poisson_sources_have_their_rate(tmp_path):
    network = read(
        tmp_path,
        CELL + '<expOneSynapse id="ampa_post" gbase="3nS" erev="0mV" tauDecay="5ms"/>'
        '<spikeGeneratorPoisson id="g" averageRate="50 Hz"/>',
        '<population id="cells" component="cell" size="4"/><population id="noise" component="g" size="40"/>'
        '<projection id="p" presynapticPopulation="noise" postsynapticPopulation="cells" synapse="ampa_post">'
        + "".join(f'<connection id="{k}" preCellId="../noise[{k}]" postCellId="../cells[{k % 4}]"/>' for k in range(40))
        + "</projection>",
    )
    assert np.allclose(network["noise"].rates_[:], 50)
    (found,) = spikes(network, "noise", duration=1000 * ms)
    # 2000 spikes are expected, whose standard deviation is the root of that
    assert abs(found.sum() - 2000) < 4 * math.sqrt(2000)


def test_the_targets_agree():
    one, two = (
        run(neuroml_files.weighted(), 40 * ms, target).states["after_states"]["v"] for target in ("numpy", "jax")
    )
    assert np.ptp(np.asarray(one)) > 1e-3
    assert np.allclose(one, two, rtol=1e-9)


# ---- what is written is read back ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", neuroml_files.NETWORKS)
def test_what_is_written_is_read_back_to_the_last_bit(tmp_path, name):
    make, duration, _ = neuroml_files.NETWORKS[name]
    first = make()
    path = exchange.write_neuroml(first, tmp_path / "one.nml")
    again = exchange.read_neuroml(path)
    monitors = [obj for obj in first.objects if isinstance(obj, StateMonitor)]
    for m in monitors:
        group = again[m.source.name]
        again.add(StateMonitor(group, m.record_variables, record=True, name=m.name, clock=group.clock))
    one, two = run(first, duration), run(again, duration)
    for monitor in monitors:
        for variable in monitor.record_variables:
            assert np.array_equal(one.states[monitor.name][variable], two.states[monitor.name][variable])
    assert exchange.write_neuroml(again, tmp_path / "one.nml").read_text() == path.read_text()


def zoo():
    source = SpikeGeneratorGroup(3, [0, 1, 2, 0, 1], [2, 3, 4, 20, 22] * ms, name="source")
    noise = PoissonGroup(5, 20 * Hz, name="noise")
    cells = (lif + ampa + gaba_a).group(4, name="cells", I=[0, 0.12, 0.12, 0.15] * nA, method="euler")
    others = (lif + alpha_current).group(2, name="others", I=[0.08, 0.09] * nA, tau_alpha=3 * ms, method="euler")
    last = adex.group(2, name="last", I=[0.7, 0.9] * nA, dt=0.1 * ms)
    excitatory = ampa_synapse.connect(source, cells, name="excitatory", w=np.linspace(1, 9, 12) * nS, delay=1 * ms)
    inhibitory = gaba_a_synapse.connect(cells, cells, condition="i != j", name="inhibitory", w=2 * nS)
    onto = alpha_synapse.connect(cells, others, name="onto", w=0.2 * nA, delay="0.1*ms*(1 + i)")
    return Network(source, noise, cells, others, last, excitatory, inhibitory, onto)


def test_networks_of_the_zoo(tmp_path):
    network = zoo()
    path = exchange.write_neuroml(network, tmp_path / "zoo.nml")
    again = exchange.read_neuroml(path)
    assert len(again["source"]) == 3
    assert again["noise"].rates_[:].tolist() == [20.0] * 5
    # Euler's method is stable for both; lif itself is exact, so it is told to be Euler's above
    one = spikes(network, "cells", "others", "last", duration=60 * ms)
    two = spikes(again, "cells", "others", "last", duration=60 * ms)
    for a, b in zip(one, two, strict=True):
        assert a.any()
        assert (a == b).all()


def test_izhikevich_of_2003_is_that_of_neuroml(tmp_path):
    cells = izhikevich_2003.group(3, name="cells", I=[4, 8, 12] * mV / ms)
    path = exchange.write_neuroml(Network(cells), tmp_path / "izhikevich.nml")
    text = path.read_text()
    assert '<izhikevichCell id="cells_cell" thresh="30mV" a="0.02" b="0.2" c="-65" d="8" v0="-65mV"/>' in text
    again = exchange.read_neuroml(path)
    network = Network(cells)
    (one,), (two,) = spikes(network, "cells"), spikes(again, "cells")
    assert one.sum() > 5
    assert (one == two).all()


def test_fitzhugh_nagumo_sends_no_spikes(tmp_path):
    group = fitzhugh_nagumo.group(2, name="cells", I=0.5, method="euler")
    network = Network(group, StateMonitor(group, ["v", "w"], record=True, name="seen"))
    with pytest.warns(UserWarning, match="left out: the spikes of 'cells'"):
        path = exchange.write_neuroml(network, tmp_path / "fhn.nml", duration=50 * ms)
    assert 'quantity="cells[1]/W"' in (tmp_path / "LEMS_fhn.xml").read_text()
    again = exchange.read_neuroml(path)
    again.add(StateMonitor(again["cells"], ["V", "W"], record=True, name="seen"))
    one, two = (run(each, 50 * ms).states["seen"] for each in (network, again))
    assert np.allclose(one["v"], two["V"], rtol=1e-9)
    assert np.ptp(two["W"]) > 0.1


def test_a_state_that_is_lost_is_said(tmp_path):
    group = lif.group(2, name="cells", v=-55 * mV)
    with pytest.warns(UserWarning, match="left out: the state that 'cells' is in"):
        exchange.write_neuroml(Network(group), tmp_path / "state.nml")


# ---- what is refused -------------------------------------------------------------------------------------------------


def several(**values):
    return lif.group(2, name="cells", **values)


def between(synapse, pre=None, post=None, **values):
    pre, post = pre or lif.group(2, name="cells"), post or (lif + ampa).group(2, name="after")
    return [pre, post, synapse.connect(pre, post, name="synapses", **values)]


stimulus = TimedArray([0.0, 0.1] * nA, dt=10 * ms, name="stimulus")

REFUSED = {
    "equations of its own": (lambda: [NeuronGroup(1, "dv/dt = -v/(5*ms) : 1", name="mine")], "'mine': a group of equ"),
    "another model": (lambda: [(lif + nmda).group(1, name="cells")], "'cells': a group of lif"),
    "parameters that differ": (lambda: [several(tau_m=[10, 20] * ms)], "tau_m differs from neuron to neuron"),
    "an input that changes": (lambda: [several(I="stimulus(t)", namespace={"stimulus": stimulus})], "is an expression"),
    "gap junctions": (lambda: [(lif + gap_current).group(1, name="cells")], "'cells': a group of lif"),
    "a part of a group": (
        lambda: [(whole := lif.group(4, name="whole")), *between(ampa_synapse, pre=whole[:2])[1:]],
        "connects from 'whole",
    ),
    "a custom operation": (
        lambda: [(cells := lif.group(1, name="cells")), cells.run_regularly("v += 1*mV", name="kick")],
        "'kick': a CodeRunner",
    ),
    "code of its own": (
        lambda: [
            (cells := lif.group(1, name="cells")),
            (s := Synapses(cells, cells, on_pre="v_post += 1*mV", name="mine")),
            s.connect(),
        ][:2],
        "'mine': code of its own",
    ),
    "spikes that come again": (
        lambda: [SpikeGeneratorGroup(1, [0], [1] * ms, period=5 * ms, name="again")],
        "'again': spikes that come again",
    ),
    "rates that change": (lambda: [PoissonGroup(1, "10*Hz + i*Hz", name="noise")], "'noise': rates that are an expr"),
    "two steps": (
        lambda: [lif.group(1, name="one"), lif.group(1, name="two", dt=0.2 * ms)], "another dt than"
    ),
    "tau of the oscillator": (lambda: [fitzhugh_nagumo.group(1, name="cells", tau=2 * ms)], "a tau of 2 ms"),
    "spikes of the oscillator": (
        lambda: between(
            synapse("expOneSynapse", "s"),
            pre=fitzhugh_nagumo.group(1, name="cells"),
            post=(CELLS["iafCell"] + receptor("expOneSynapse", "s")).group(1, name="after"),
        ),
        "spikes of 'cells'",
    ),
    "nothing": (lambda: [], "without a group"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_neuroml_cannot_express_is_refused_by_name(tmp_path, name):
    make, message = REFUSED[name]
    with pytest.raises(Unsupported, match=message) as told:
        exchange.write_neuroml(Network(make()), tmp_path / "refused.nml")
    assert "\n" not in str(told.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("which", "named"),
    [("cells", "cells"), ("source", "source"), ("inhibitory", "inhibitory"), ("onto_pre", "onto_pre"),
     ("others_spike_thresholder", "others_spike_thresholder"), ("noise", "noise")],
)  # fmt: skip
def test_what_is_inactive_is_refused_by_name(tmp_path, which, named):
    """The file would hold it as if it were not."""
    network = zoo()
    next(obj for obj in network.sorted_objects if obj.name == which).active = False
    with pytest.raises(Unsupported, match=f"NeuroML cannot express '{named}': it is inactive"):
        exchange.write_neuroml(network, tmp_path / "refused.nml")
    assert not list(tmp_path.iterdir())


def test_wrong_arguments(tmp_path):
    network = Network(lif.group(1, name="cells"))
    for duration in (5, 5 * mV, -1 * ms):
        with pytest.raises(BioplastError, match="a time above 0 is accepted"):
            exchange.write_neuroml(network, tmp_path / "x.nml", duration=duration)
    path = exchange.write_neuroml(network, tmp_path / "x.nml")
    with pytest.raises(BioplastError, match="a time above 0 is accepted"):
        exchange.read_neuroml(path, dt=5)


def test_attributes_of_other_namespaces_say_nothing(tmp_path):
    """Schemas of XML and tools put some anywhere: xsi:type, xml:space, a position in an editor."""
    path = tmp_path / "x.nml"
    path.write_text(
        '<neuroml xmlns="http://www.neuroml.org/schema/neuroml2" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xmlns:tool="http://example.org/tool" id="x"><iafCell id="cell" xsi:type="IafCell" xml:space="preserve" '
        'leakReversal="-70mV" thresh="-55mV" reset="-70mV" C="0.2nF" leakConductance="0.01uS"/>'
        '<network id="n"><population id="cells" xsi:type="Population" tool:x="3" component="cell" size="2"/></network>'
        "</neuroml>"
    )
    network = exchange.read_neuroml(path)
    assert network["cells"].N == 2
