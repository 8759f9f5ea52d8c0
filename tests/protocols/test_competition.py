"""The reduced decision network against SciPy, its steady states against root finding, its decisions and its summary."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Equations, Network, StateMonitor, ms, nA, second
from scipy import integrate, optimize

import bioplast
from bioplast import experiment
from bioplast.errors import BioplastError
from bioplast.experiment import Trial
from bioplast.protocols import competition as protocol
from bioplast.protocols.competition import phase_plane, reduced, wong_wang
from bioplast.protocols.competition.decisions import STEP, decisions

# ---- the equations in the paper's numbers: seconds, nA and Hz --------------------------------------------------------


def rate(x):
    y = 270 * x - 108
    return y / (1 - np.exp(-0.154 * y))


def inputs(s, mu, c):
    stimulus = 5.2e-4 * mu * np.array([1 + c, 1 - c])
    return 0.2609 * s - 0.0497 * s[::-1] + 0.3255 + stimulus


def slope(s, mu, c):
    return -s / 0.1 + (1 - s) * 0.641 * rate(inputs(s, mu, c))


def simulated(dt, **values):
    """The gates of both populations, [samples, trials, 2], every 5 ms of 0.7 s; the stimulus begins at 0.1 s."""
    group = wong_wang.wong_wang.group(3, name="trials", dt=dt * ms, t_on=100 * ms, c=[0.064, 0.256, -0.5], **values)
    monitor = StateMonitor(group, ["S_1", "S_2", "I_noise_1"], record=True, dt=STEP * second, name="gates")
    out = bioplast.compile(Network(group, monitor), 0.7 * second, "numpy", namespace={})(seed=1)
    return np.stack([out.states["gates"]["S_1"], out.states["gates"]["S_2"]], axis=-1)


def test_without_noise_it_converges_to_the_integration_by_scipy():
    times = np.arange(140) * STEP
    exact = np.empty((140, 3, 2))
    for k, c in enumerate((0.064, 0.256, -0.5)):
        start = np.array([0.1, 0.1])
        for mu, inside in ((0, times <= 0.1), (30, times >= 0.1)):
            span = times[inside]
            found = integrate.solve_ivp(
                lambda t, s, mu=mu, c=c: slope(s, mu, c), span[[0, -1]], start, t_eval=span, rtol=1e-10, atol=1e-12
            )
            exact[inside, k], start = found.y.T, found.y[:, -1]
    errors = [np.abs(simulated(dt, sigma=0 * nA) - exact).max() for dt in (1.0, 0.5)]
    # Euler's method is of first order: half the step, half the error, but for terms of the next order
    assert errors[0] < 0.02
    assert errors[0] / errors[1] == pytest.approx(2, abs=0.15)
    assert (np.diff(exact[-1], axis=1)[:, 0] < [-0.05, -0.3, 1]).all() and exact[-1, 2, 1] > exact[-1, 2, 0] + 0.3


def test_the_noise_is_an_ornstein_uhlenbeck_process():
    group = wong_wang.wong_wang.group(3000, name="trials")
    out = bioplast.compile(Network(group), 30 * ms, "numpy", namespace={})(seed=2)
    noise = np.stack([out.final["trials.I_noise_1"], out.final["trials.I_noise_2"]]) * 1e9
    # of Euler's steps: sigma^2/(2 - dt/tau); within five standard errors
    expected = 0.02**2 / (2 - 0.5 / 2)
    assert noise.var() == pytest.approx(expected, rel=5 * np.sqrt(2 / 6000))
    assert abs(noise.mean()) < 5 * np.sqrt(expected / 6000)
    assert abs(np.corrcoef(noise)[0, 1]) < 5 / np.sqrt(3000)


def test_the_order_of_its_noises_does_not_depend_on_the_process():
    # Brian2 keeps several xi in a set, whose order is that of a process; then no seed gives the same run again.
    assert not Equations(wong_wang.wong_wang.model).stochastic_variables


# ---- the phase plane -------------------------------------------------------------------------------------------------


def other_gate(s_1, mu, c):
    """S_2 on the nullcline of S_1, where the rate that S_1 needs is that of its input."""
    needed = s_1 / (0.1 * 0.641 * (1 - s_1))
    x = optimize.brentq(lambda x: rate(x) - needed, 0.0, 3.0, xtol=1e-14)
    return (0.2609 * s_1 + 0.3255 + 5.2e-4 * mu * (1 + c) - x) / 0.0497


@pytest.mark.parametrize(("mu", "c"), [(0, 0), (30, 0), (30, 0.128), (30, 1), (100, 0)])
def test_the_steady_states_are_the_sign_changes_along_a_nullcline(mu, c):
    def change(s_1):
        return slope(np.array([s_1, other_gate(s_1, mu, c)]), mu, c)[1]

    grid = np.linspace(0.015, 0.8, 1500)
    signs = np.sign([change(s_1) for s_1 in grid])
    expected = [optimize.brentq(change, grid[k], grid[k + 1], xtol=1e-13) for k in np.flatnonzero(np.diff(signs))]
    states = phase_plane.steady_states(mu, c)
    np.testing.assert_allclose([s.gates[0] for s in states], expected, atol=1e-8)
    np.testing.assert_allclose([s.gates[1] for s in states], [other_gate(s, mu, c) for s in expected], atol=1e-7)
    for state in states:
        step = 1e-6
        jacobian = np.stack(
            [(slope(state.gates + e, mu, c) - slope(state.gates - e, mu, c)) / (2 * step) for e in step * np.eye(2)], 1
        )
        np.testing.assert_allclose(state.eigenvalues, sorted(np.linalg.eigvals(jacobian))[::-1], atol=1e-5)
        assert state.kind == ("attractor", "saddle", "repeller")[(np.linalg.eigvals(jacobian) > 0).sum()]


def test_a_saddle_separates_the_two_choices():
    kinds = [state.kind for state in phase_plane.steady_states(30, 0)]
    assert kinds == ["attractor", "saddle", "attractor"]  # the abstract of the paper
    assert phase_plane.steady_states(30, 0)[1].gates == pytest.approx(
        [phase_plane.steady_states(30, 0)[1].gates[1]] * 2
    )


def test_a_gate_does_not_change_on_its_nullcline():
    for k, curve in enumerate(phase_plane.nullclines(30, 0.064, points=801)):
        points = curve[~np.isnan(curve[:, 0])]
        assert len(points) > 100
        slopes = [slope(point, 30, 0.064)[k] for point in points]
        # in a gate's own direction the curve is found to a part of the grid's step of 1/800
        np.testing.assert_allclose(slopes, 0, atol=0.05)


# ---- decisions -------------------------------------------------------------------------------------------------------


def test_the_first_population_above_the_threshold_decides():
    rates = np.zeros((81, 4, 2))  # 0.4 s
    rates[40:, 0, 0] = 40  # from 0.2 s: a window of 50 ms exceeds 15 Hz once it has 20 of them
    rates[:20, 1, 1] = 40  # before the stimulus only
    rates[40:, 2] = [30, 31]
    counts = np.concatenate([np.zeros((1, 4, 2)), np.cumsum(rates * STEP, axis=0)])
    found = decisions(counts, onset=0.15)
    assert found.choice.tolist() == [0, -1, 1, -1]
    # above 15 Hz are 4 of 10 samples of 40 Hz, and 6 of 10 of 30 Hz, which is 18
    np.testing.assert_allclose(found.time[[0, 2]], [0.2 + 4 * STEP - 0.15, 0.2 + 5 * STEP - 0.15])
    assert np.isnan(found.time[[1, 3]]).all()
    assert found.plain()["time_ms"][1] is None
    np.testing.assert_allclose(found.rates[-1, :, 0], [40, 0, 30, 0])


def test_counts_that_end_too_early_or_have_another_shape_are_refused():
    with pytest.raises(BioplastError, match=r"counts are \[samples, trials, 2\], not \[9, 2\]"):
        decisions(np.zeros((9, 2)), 0.1)
    with pytest.raises(BioplastError, match=r"20 samples of 0.005 s end before the stimulus begins at 0.5 s"):
        decisions(np.zeros((20, 3, 2)), 0.5)


def test_strong_evidence_is_decided_rightly_and_soon_and_a_reversed_one_wrongly():
    right, wrong = (reduced.one(c, 40, 1.0, 30.0, 0.5, "numpy", 3) for c in (51.2, -51.2))
    assert right["choice"] == [0] * 40 and wrong["choice"] == [1] * 40
    assert right["integrator"] == [1] * 40 and wrong["integrator"] == [0] * 40
    assert 150 < np.mean(right["time_ms"]) < 350
    assert right["rates"].shape[1:] == (1, 2) and right["gates"].shape[1:] == (1, 2)


# ---- the protocol ----------------------------------------------------------------------------------------------------


def result(choice, times, integrator):
    return {"choice": choice, "time_ms": times, "integrator": integrator}


def test_the_summary_of_made_up_results():
    plane = {"mu": 30.0, "coherence": 0, "states": [{"kind": kind} for kind in ("attractor", "saddle", "attractor")]}
    results = {
        "states": {"planes": [plane]},
        "reduced/c6.4/seed0": result([0, 0, 1, -1], [300.0, 500.0, 600.0, None], [1, 1, 0, 0]),
        "reduced/c6.4/seed1": result([0, 0, 0, 0], [400.0] * 4, [1, 0, 1, 1]),
    }
    rows = {row.id: row for row in protocol.summarise(results, {})}
    assert rows["reduced/accuracy/6.4"].value == pytest.approx(6 / 7)
    assert rows["reduced/accuracy/6.4"].low < 6 / 7 < rows["reduced/accuracy/6.4"].high
    assert rows["reduced/undecided/6.4"].value == pytest.approx(1 / 8)
    assert rows["reduced/decision-time/6.4"].value == pytest.approx((300 + 500 + 4 * 400) / 6)
    assert rows["reduced/decision-time-error/6.4"].value == 600
    assert rows["baseline/reduced/integrator/accuracy/6.4"].value == pytest.approx(5 / 7)
    assert rows["reduced/alpha"].value is None  # one coherence has no threshold
    states = {name: (rows[f"reduced/{name}s/0"].value, rows[f"reduced/{name}s/0"].published)
              for name in ("attractor", "saddle", "repeller")}  # fmt: skip
    assert states == {"attractor": (2, 2), "saddle": (1, 1), "repeller": (0, None)}


def test_trials_are_those_of_one_target():
    settings = protocol.competition.settings("quick")
    ids = [trial.id for trial in protocol.trials(settings, ["cpp"], [0])]
    assert ids[:2] == ["states", "reduced/c0/seed0"] and ids[-1] == "randman2/potential/seed0"
    with pytest.raises(BioplastError, match="one target at a time, not on numpy and cpp"):
        protocol.trials(settings, ["numpy", "cpp"], [0])


def test_the_phase_planes_are_a_trial():
    planes = protocol.run(Trial("states", {"mu_0": 30.0, "coherences": [100]}))["planes"]
    assert [len(plane["states"]) for plane in planes] == [5, 1]


def test_a_run_has_its_rows_and_pictures(tmp_path):
    changes = {"coherences": [6.4], "duration": 0.4, "trials": 30}
    run = experiment.run("competition", out=tmp_path / "run", progress=False, changes=changes)
    known = {row.id for row in run.rows}
    assert {"reduced/alpha", "reduced/beta", "reduced/accuracy/6.4", "baseline/reduced/chance/accuracy"} <= known
    pictures = {path.name for path in (run.folder / "figures").glob("*.png")}
    assert pictures == {"curves.png", "phase-plane.png", "trials.png"}
    assert (run.folder / "steady_states.csv").read_text().count("\n") == 9
