"""Models with parameters set by hand, for which the literature says what they do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bioplast.definition import Neuron
from bioplast.models import (
    adaptive_lif,
    hodgkin_huxley,
    integrate_and_fire_or_burst,
    quadratic_integrate_and_fire,
    resonate_and_fire,
    wang_buzsaki,
)
from bioplast.plausibility import PATTERNS, Scale, Score
from bioplast.plausibility.cells.population import Population

# Knobs are given in SI units; 1 uA/cm^2 = 0.01 A/m^2.
MS, UA = 1e-3, 1e-2


def shown(
    neuron: Neuron,
    letter: str,
    knobs: dict[str, float],
    *,
    dt: float,
    tau: float = np.nan,
    target: str = "numpy",
    **parameters: Any,
) -> Score:
    sweep = PATTERNS[letter].sweep({name: np.array([float(value)]) for name, value in knobs.items()}, Scale(1, 1, 1))
    population = Population(neuron, 1, sweep, target, dt=dt)
    given = {name: np.array([value]) for name, value in parameters.items()}
    return PATTERNS[letter].score(population(given, sweep, tau=tau, scale=0.01), sweep)


@pytest.mark.build
def test_hodgkin_and_huxley_is_class_2():
    """It starts at about 50 Hz and hardly goes faster (Rinzel and Miller 1980); its rest rings with about 5 ms."""
    ramp = {"rest": 30 * MS, "duration": 500 * MS, "amplitude": 60 * UA}
    same = {"dt": 2e-5, "tau": 5 * MS, "target": "cpp"}
    assert shown(hodgkin_huxley, "H", ramp, **same).failed() == []
    assert not shown(hodgkin_huxley, "G", ramp, **same).met[0]


@pytest.mark.build
def test_wang_and_buzsaki_is_class_1():
    """It can fire at arbitrarily low rates, say the authors (1996); its membrane has 1/g_L = 10 ms."""
    ramp = {"rest": 100 * MS, "duration": 2000 * MS, "amplitude": 2 * UA}
    same = {"dt": 5e-5, "tau": 10 * MS, "target": "cpp"}
    assert shown(wang_buzsaki, "G", ramp, **same).failed() == []
    assert not shown(wang_buzsaki, "H", ramp, **same).met[0]


@pytest.mark.build
def test_one_spike_to_a_weak_step_is_phasic_and_one_spike_before_a_block_is_not():
    """Hodgkin and Huxley: one spike at 4 uA/cm^2, repetitive firing from 6.3 on, block beyond 150."""
    step = {"rest": 40 * MS, "duration": 90 * MS}
    same = {"dt": 2e-5, "tau": 5 * MS, "target": "cpp"}
    assert shown(hodgkin_huxley, "B", {**step, "amplitude": 4 * UA}, **same).failed() == []
    blocked = shown(hodgkin_huxley, "B", {**step, "amplitude": 400 * UA}, **same)
    assert "no spike during a step of half the current" in blocked.failed()


@pytest.mark.parametrize(
    ("letter", "knobs"),
    [
        # One turn takes 2*pi ms; half a turn and one and a half are out of phase. A pulse of area A leads to a first
        # maximum of 0.855*A, a pair one turn apart to 1.31*A: with A = 0.9 only the pair passes the threshold of 1.
        ("K", {"width": 0.3 * MS, "interval": 2 * np.pi / 0.3, "shorter": 0.5, "longer": 1.5, "amplitude": 3000.0}),
        ("M", {"width": 3 * MS, "wait": 60 * MS, "amplitude": 900.0}),
        ("J", {"width": 0.3 * MS, "wait": 60 * MS, "amplitude": 5000.0}),
    ],
)
def test_resonate_and_fire_resonates_rebounds_and_rings(letter, knobs):
    """Izhikevich (2001), figures 4 to 7; b = -0.1 and omega = 1 per ms, here reset to below rest."""
    knobs = {"rest": 60 * MS, **knobs}
    assert shown(resonate_and_fire, letter, knobs, dt=5e-5, u_0=-0.5, v_0=0.0).failed() == []


def test_integrate_and_fire_or_burst_answers_the_end_of_inhibition_with_a_burst():
    """Smith et al. (2000), figure 1: hyperpolarization below -60 mV removes the inactivation of the calcium current."""
    release = {"rest": 300 * MS, "width": 300 * MS, "amplitude": 1 * UA, "wait": 600 * MS}
    assert shown(integrate_and_fire_or_burst, "N", release, dt=2e-4, V_L=-58e-3).failed() == []


def test_the_quadratic_cell_has_latency_and_with_a_high_reset_bistability():
    """Izhikevich (2004), section III-E: with the reset above the threshold it goes on to fire without input."""
    late = {"rest": 60 * MS, "width": 2 * MS, "amplitude": 8.0, "wait": 200 * MS}
    assert shown(quadratic_integrate_and_fire, "I", late, dt=1e-4, tau=10 * MS).failed() == []
    switch = {"rest": 100 * MS, "base": 0, "width": 2 * MS, "amplitude": 9.0, "firing": 100 * MS, "off": -2.5}
    assert shown(quadratic_integrate_and_fire, "P", switch, dt=1e-4, v_reset=-45e-3).failed() == []


def test_the_adapting_integrator_adapts_and_without_adaptation_is_tonic_only():
    step = {"rest": 100 * MS, "duration": 500 * MS, "amplitude": 2.0}
    assert shown(adaptive_lif, "F", step, dt=2e-4, e_g=3.0).failed() == []
    assert shown(adaptive_lif, "A", step, dt=2e-4, e_g=0.0).failed() == []
    assert "the last interval twice the first" in shown(adaptive_lif, "F", step, dt=2e-4, e_g=0.0).failed()
