"""The zoo: every model has a page, and what the pages compare with is true by another way of working it out."""

from __future__ import annotations

import json
from importlib.resources import files

import numpy as np
import pytest
from brian2 import nA, volt
from scipy.integrate import quad, solve_ivp
from scipy.optimize import brentq

import bioplast
from bioplast import experiment
from bioplast.definition.find import models
from bioplast.errors import UnknownName
from bioplast.experiment.agreement import agreement
from bioplast.models import lif
from bioplast.protocols import zoo as protocol
from bioplast.protocols.zoo.pages import OTHERS, any_neuron, modulated, rates, receptors, short_term, verification
from bioplast.protocols.zoo.pages.neuron import rate
from bioplast.protocols.zoo.pages.page import plots_of


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    return experiment.run("zoo", preset="demo", out=tmp_path_factory.mktemp("zoo") / "out", progress=False)


@pytest.fixture(scope="module")
def rows(demo):
    return {row.id: row for row in demo.rows}


# ---- coverage --------------------------------------------------------------------------------------------------------


def test_every_model_has_a_page():
    shown = {definition for page in protocol.PAGES.values() for definition in page.definitions}
    missing = [name for name, model in models().items() if model not in shown]
    assert not missing, f"give these a page in protocols/zoo/pages: {missing}"


def test_every_page_is_in_the_full_preset_and_names_no_other_model_twice():
    assert protocol.zoo.settings("full")["pages"] == list(protocol.PAGES)
    assert protocol.zoo.settings("quick")["pages"] == list(protocol.PAGES)
    shown = [definition for page in protocol.PAGES.values() for definition in page.definitions]
    assert len(shown) == len(set(shown))


def test_a_neuron_without_a_page_of_its_own_gets_one():
    page = any_neuron.page_of(lif)
    assert (page.title, page.definitions, page.cell) == ("Leaky integrate-and-fire neuron", (lif,), lif)
    found = page.measure(5)
    rows = {row.id: row for row in found.rows}
    step = 0.0625 / 20  # between the powers of two, 1/16 and 1/8 nA
    assert abs(rows["rheobase"].value - 0.1) <= step  # (v_th - E_L)/R_m
    assert rows["rheobase"].unit == "nA"
    assert float(page.amplitude / nA) == 0.25
    assert [plot.title for plot in found.plots] == ["Firing rate", "Step of 0.25 nA"]
    entry = verification.verified({"any": page}, "neurons", "numpy")["any"]
    assert (entry["apart"], entry["spikes"] > 10) == (0, True)


def test_a_neuron_that_never_fires_has_a_page_too():
    page = any_neuron.page_of(lif.replace(v_th=1e6 * volt, name="silent", meaning=""))
    found = page.measure(3)
    assert (page.title, found.rows, len(found.plots)) == ("Silent", [], 2)


def test_an_unknown_page_is_refused_by_name():
    with pytest.raises(UnknownName, match="unknown page of the zoo 'lf': did you mean 'lif'"):
        experiment.run("zoo", out="unused", changes={"pages": "nmda,lf"})


# ---- closed forms of the rates, by integration of the equations ------------------------------------------------------


def integrated(slope, reset, threshold, refractory=0.0) -> float:
    """The rate (Hz) of dv/dt = slope(v) in ms and mV, from the reset to the threshold."""

    def reached(t, v):
        return v[0] - threshold

    reached.terminal = True
    solved = solve_ivp(lambda t, v: [slope(v[0])], (0, 5000), [reset], events=reached, rtol=1e-11, atol=1e-11)
    return 1e3 / (solved.t_events[0][0] + refractory) if len(solved.t_events[0]) else 0.0


@pytest.mark.parametrize(
    ("closed", "current", "slope", "reset", "threshold", "refractory"),
    [
        (rates.lif, 0.3, lambda v: (-60 - v + 30) / 20, -60, -50, 5),
        (rates.lif, 0.09, lambda v: (-60 - v + 9) / 20, -60, -50, 5),
        (rates.integrate_and_fire, 2.0, lambda v: 2.0 - 3.25 - 0.05 * v, -65, -50, 0),
        (rates.integrate_and_fire, 0.7, lambda v: 0.7 - 3.25 - 0.05 * v, -65, -50, 0),
        (rates.glif, 1.5, lambda v: 1.5 - 0.05 * (v + 70), -70, -50, 0),
        (rates.integrate_and_fire_or_burst, 2.0, lambda v: (2.0 - 0.035 * (v + 65)) / 2, -50, -35, 0),
        (rates.quadratic, 0.5, lambda v: 0.5 + (v + 65) * (v + 50) / 150, -70, 30, 0),
        (rates.quadratic, 0.37, lambda v: 0.37 + (v + 65) * (v + 50) / 150, -70, 30, 0),
        (rates.exponential, 0.5, lambda v: 0.5 - 0.1 * (v + 65) + 0.348 * np.exp((v + 59.9) / 3.48), -68, -30, 1.7),
        (rates.exponential, 0.15, lambda v: 0.15 - 0.1 * (v + 65) + 0.348 * np.exp((v + 59.9) / 3.48), -68, -30, 1.7),
    ],
)
def test_a_closed_form_is_the_integral_of_its_equation(closed, current, slope, reset, threshold, refractory):
    # The trapezoidal rule of the exponential cell is good to 1e-6; the others are exact.
    expected = integrated(slope, reset, threshold, refractory)
    assert closed(np.array([current]))[0] == pytest.approx(expected, rel=1e-6)


def test_the_quadratic_rate_grows_as_a_square_root_above_its_rheobase():
    beyond = np.array([1e-4, 4e-4])
    slow, fast = rates.quadratic(0.375 + beyond)
    # twice the rate for four times the distance; the finite reset and peak matter to the order of the root
    assert fast / slow == pytest.approx(2, rel=0.02)


def test_the_adapted_interval_is_where_an_iterated_map_settles():
    for current in (0.15, 0.3, 0.6):
        steady, theta = -60 + 100 * current, -50.0
        for _ in range(200):

            def ahead(t, steady=steady, raised=theta + 5):
                return steady + (-60 - steady) * np.exp(-(t - 2) / 20) - (-50 + (raised + 50) * np.exp(-t / 100))

            interval = brentq(ahead, 2, 2000, xtol=1e-12)
            theta = -50 + (theta + 55) * np.exp(-interval / 100)
        # the map contracts by exp(-interval/100) at least, which is below 0.9 here
        assert rates.adaptive_threshold(np.array([current]))[0] == pytest.approx(1e3 / interval, rel=1e-8)


def test_escape_noise_is_the_mean_of_drawn_waits():
    rng = np.random.default_rng(0)
    current, dt, cells = 0.2, 0.02, 4000
    t = np.arange(0, 400, dt)
    hazard = np.exp((-60 + 100 * current * (1 - np.exp(-t / 20)) + 50) / 2)
    # a wait ends where the integrated hazard passes an exponential number
    waits = t[np.searchsorted(np.cumsum(hazard) * dt, rng.exponential(size=cells))]
    interval, error = 5 + waits.mean(), waits.std() / np.sqrt(cells)
    assert 1e3 / rates.escape_noise(np.array([current]))[0] == pytest.approx(interval, abs=4 * error + dt)


# ---- rates measured on trains ----------------------------------------------------------------------------------------


def test_the_rate_is_that_of_firing_that_goes_on():
    assert rate(np.arange(3, 1000, 20.0), 1000) == pytest.approx(50)
    assert rate(np.array([1.0, 5, 9]), 1000) == 0  # fell silent
    assert rate(np.array([100.0, 600]), 1000) == pytest.approx(2)
    assert rate(np.array([100.0, 300]), 1000) == 0
    assert rate(np.array([700.0]), 1000) == 0
    bursts = np.concatenate([100 * k + np.array([0.0, 5, 10]) for k in range(10)])
    assert rate(bursts, 1000) == pytest.approx(30)


# ---- pages against what is known of them -----------------------------------------------------------------------------


def test_lif_fires_at_its_rheobase_and_its_closed_form(rows):
    assert rows["lif/rheobase"].value == pytest.approx(0.1, abs=0.0006)
    # 5 ms + 20 ms*ln(30/20) = 13.1093 ms by hand, 13.1 ms in whole steps of 0.1 ms
    assert rows["lif/rate@0.3"].published == pytest.approx(1000 / 13.1093, rel=1e-5)
    assert rows["lif/rate@0.3"].value == pytest.approx(1000 / 13.1, rel=1e-9)


def test_the_window_of_pair_stdp_is_exponential(demo, rows):
    (plot,) = plots_of(json.loads((demo.folder / "trials/pair-stdp.json").read_text())["result"])
    points = next(line for line in plot.lines if line.style == "points")
    lags, change = np.asarray(points.x), np.asarray(points.y)
    for side, amplitude in ((lags > 0, 0.005), (lags < 0, -0.00525)):
        slope, start = np.polyfit(np.abs(lags[side]), np.log(np.abs(change[side])), 1)
        assert -1 / slope == pytest.approx(20, rel=1e-6)
        assert np.sign(change[side]).tolist() == [np.sign(amplitude)] * side.sum()
        assert np.exp(start) == pytest.approx(abs(amplitude), rel=1e-6)
    assert rows["pair-stdp/dw@+10ms"].value == pytest.approx(0.0030327, rel=1e-4)  # 0.005*exp(-1/2)
    assert rows["pair-stdp/dw@-20ms"].value == pytest.approx(-0.0019314, rel=1e-4)  # -0.00525*exp(-1)


@pytest.mark.parametrize(
    ("steady", "U", "tau_f", "tau_r", "A"),
    [(short_term.facilitating, 0.03, 530, 130, 1540), (short_term.depressing, 0.5, 1e-9, 800, 250)],
)
def test_the_steady_amplitude_is_where_the_recursion_settles(steady, U, tau_f, tau_r, A):
    for hertz in (1, 10, 100):
        u, x = 0.0, 1.0
        for _ in range(3000):
            u += U * (1 - u)
            amplitude = A * u * x
            x -= u * x
            u, x = u * np.exp(-1000 / hertz / tau_f), 1 - (1 - x) * np.exp(-1000 / hertz / tau_r)
        assert float(steady(np.array(float(hertz)))) == pytest.approx(amplitude, rel=1e-9)


def test_trains_settle_at_the_steady_amplitude(rows):
    for hertz in (10, 20, 100):
        row = rows[f"tsodyks-markram/steady_amplitude@{hertz}Hz"]
        assert abs(row.value - float(short_term.facilitating(np.array(float(hertz))))) <= row.tolerance


def test_the_magnesium_block_is_that_of_jahr_and_stevens(rows):
    # 1/(1 + exp(-0.062 v)/3.57), worked out by hand to four figures
    for v, fraction in ((-80, 0.02443), (-60, 0.07963), (-40, 0.2302), (-20, 0.5082), (0, 0.7812), (40, 0.9771)):
        assert rows[f"nmda/open_fraction@{v}mV"].value == pytest.approx(fraction, rel=5e-4)
    assert receptors._block(np.array(-np.log(3.57) / 0.062), 1.0) == pytest.approx(0.5, rel=1e-12)
    assert rows["nmda/time_to_peak"].value == pytest.approx(7.98, abs=0.1)


@pytest.mark.parametrize("lag", [-20.0, 10.0])
@pytest.mark.parametrize("amount", [0.0, 0.5])
def test_the_reward_window_is_the_integral_of_eligibility_and_dopamine(lag, amount):
    later = modulated.PAIR + max(lag, 0)
    jump = (0.1 if lag > 0 else -0.15) * np.exp(-abs(lag) / 20)

    def speed(t):
        released = amount * np.exp(-(t - modulated.REWARD) / 200) if t > modulated.REWARD else 0.0
        return jump * np.exp(-(t - later) / 1000) * (0.002 + released) / 10

    expected = sum(quad(speed, *span)[0] for span in ((later, modulated.REWARD), (modulated.REWARD, modulated.END)))
    assert float(modulated.reward_window(np.array(lag), amount)) == pytest.approx(expected, rel=1e-7)


def test_the_spread_of_sbp_written_synapse_by_synapse():
    rng = np.random.default_rng(1)
    P, D = rng.uniform(0, 1, (3, 2)), -rng.uniform(0, 1, (3, 2))
    behind = rng.uniform(0, 1, (2, 4)), -rng.uniform(0, 1, (2, 4))
    change, _ = modulated.spread_of(P, D, behind)
    for i in range(3):
        for j in range(2):
            own = 1 + 0.2 * P[i].sum() / P.sum(), 1 + 0.2 * D[i].sum() / D.sum(), 1 + 0.1 * D[:, j].sum() / D.sum()
            back = [1 + 0.2 * one[j].sum() / one.sum() for one in behind]
            expected = P[i, j] * (own[0] + back[0]) / 2 + D[i, j] * (own[1] + own[2] + back[1]) / 3
            assert change[i, j] == pytest.approx(expected, rel=1e-12)


# ---- verification ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "key", "changed", "other"),
    [("neurons", "lif.R_m", "lif", "glif"), ("synapses", "cells.tau_m", "gap-junction", "ampa")],
)
def test_a_target_with_another_arithmetic_is_found_out(part, key, changed, other, monkeypatch):
    compiled = bioplast.compile

    def compile(network, duration, target, **options):
        program = compiled(network, duration, "numpy", **options)
        if target == "numpy":
            return program
        wrong = {key: program.values[key] * 1.001}
        return lambda values=None, seed=None: program(values={**(values or {}), **wrong}, seed=seed)

    monkeypatch.setattr(verification.bioplast, "compile", compile)
    found = verification.verified({name: protocol.PAGES[name] for name in (changed, other)}, part, "wrong")
    assert set(found) == {changed, other}
    assert found[changed]["deviation"] > 1e-6
    assert found[other]["deviation"] == 0  # the others are not to blame
    for entry in found.values():
        assert entry["moved"] == entry["variables"] > 0
    if part == "neurons":
        assert found[changed]["apart"] > 0
        assert (found[other]["apart"], found[other]["spikes"] > 10) == (0, True)


def test_lif_is_the_same_on_another_target():
    entry = verification.verified({"lif": protocol.PAGES["lif"]}, "neurons", "jax")["lif"]
    assert entry["apart"] == 0
    assert entry["spikes"] > 10
    assert entry["deviation"] <= 1e-9


# ---- a run -----------------------------------------------------------------------------------------------------------


def test_the_demo_agrees_with_the_literature(demo):
    compared = [row for row in demo.rows if row.published is not None]
    assert len(compared) > 25
    assert [row.id for row in compared if agreement(vars(row)) not in ("equal", "within tolerance")] == []
    assert all(row.source for row in compared)


def test_the_demo_has_a_section_for_each_page(demo):
    text = demo.report.read_text()
    for name in protocol.zoo.settings("demo")["pages"]:
        assert f"<section class='subject' id='{name}'>" in text
        assert (demo.folder / "figures" / f"{name}.png").exists()
    shown = [one for name in protocol.zoo.settings("demo")["pages"] for one in protocol.page(name).definitions]
    assert text.count("<table class='equations'>") == sum(bool(definition.differential) for definition in shown) == 5
    assert "fast_slow_gaba_merged" in text


def test_the_same_run_gives_the_same_summary_to_the_byte(demo, tmp_path):
    again = experiment.run("zoo", out=tmp_path / "out", progress=False, changes={"pages": "pair-stdp,co-release"})
    first = {row["id"]: row for row in json.loads((demo.folder / "summary.json").read_text())["rows"]}
    rows = json.loads((again.folder / "summary.json").read_text())["rows"]
    assert len(rows) > 10
    assert all(first[row["id"]] == row for row in rows)


# ---- what is committed -----------------------------------------------------------------------------------------------


def test_the_committed_summary_is_of_these_pages_and_agrees():
    rows = json.loads((files("bioplast.data") / "zoo" / "summary.json").read_text())["rows"]
    committed = list(dict.fromkeys(row["id"].split("/")[0] for row in rows))
    # `bioplast run zoo --preset full` adds the neurons whose pages are new
    assert committed == [name for name in protocol.PAGES if name in committed or name not in OTHERS]
    for row in rows:
        if row["id"].endswith("/spikes_apart"):
            assert row["value"] == 0
        if row["id"].endswith("/deviation"):
            assert row["value"] <= 1e-9
