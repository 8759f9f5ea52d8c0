"""The pages of the neurons: how each is driven, and what the literature says of its rates and thresholds."""

from __future__ import annotations

import numpy as np
from brian2 import Hz, SpikeMonitor, cm, ms, mV, nA, second, uA, volt

from bioplast.experiment import Row
from bioplast.models import (
    adaptive_lif,
    adaptive_threshold_lif,
    adex,
    exponential_integrate_and_fire,
    fitzhugh_nagumo,
    glif,
    hindmarsh_rose,
    hodgkin_huxley,
    integrate_and_fire,
    integrate_and_fire_or_burst,
    izhikevich_2003,
    izhikevich_2004,
    lif,
    mdn,
    meta_lif,
    morris_lecar,
    probabilistic_meta_lif,
    quadratic_integrate_and_fire,
    resonate_and_fire,
    wang_buzsaki,
    wilson,
)
from bioplast.protocols.zoo.pages import rates, simulation
from bioplast.protocols.zoo.pages.neuron import Drive, Known, Theory, neuron_page
from bioplast.protocols.zoo.pages.page import Page

DENSITY = uA / cm**2
DENSITY_TEXT = "µA/cm²"
BOOK = "Gerstner et al. (2014), Neuronal Dynamics, section 1.3, closed form of the leaky integrator"
IZHIKEVICH = "Izhikevich (2004), section III-A, closed form of the leaky integrator"
FOURCAUD = "Fourcaud-Trocme et al. (2003), J. Neurosci. 23:11628"

CURVE = "Left: rate of firing that goes on, against a constant input from the start values. Right: response to a step."


def first_spike_of_the_axon() -> list[Row]:
    """The instantaneous depolarisation that makes the squid axon fire, as in figure 12 of the paper (mV)."""
    jumps = np.arange(2.0, 12.01, 0.25)
    group = hodgkin_huxley.group(len(jumps), name="cells", dt=hodgkin_huxley.dt)
    group.v = (jumps - 65) * mV
    out = simulation.run(15, group, SpikeMonitor(group, name="spikes"))
    fires = np.isin(np.arange(len(jumps)), out.events("spikes")[1])
    first = int(np.argmax(fires))
    return [
        Row(
            "depolarisation_threshold",
            float(jumps[first - 1] + jumps[first]) / 2 if fires.any() else None,
            unit="mV",
            published=6.5,
            tolerance=0.5,
            source="Hodgkin and Huxley (1952), figure 12: 6 mV fail, 7 mV fire",
        )
    ]


def _adex_rheobase() -> float:
    """The input in nA at which the rest loses its stability."""
    g, E, V_T, Delta, a, tau_w, C = 30.0, -70.6, -50.4, 2.0, 4.0, 144.0, 281.0
    v = V_T + Delta * np.log(1 + C / g / tau_w)
    return float(((g + a) * (v - E) - g * Delta * np.exp((v - V_T) / Delta)) / 1e3)


NEURONS: dict[str, Page] = {
    "lif": neuron_page(
        "Leaky integrate-and-fire",
        lif,
        Drive(
            nA, "nA", (0, 0.6), 0.2, duration=600, shown=200, search=[(0.0951, 0.1052)], peak=-20,
            rheobase=Known(0.1, 0.0006, "(v_th - E_L)/R_m; tolerance: a step of the search"),
            theory=Theory(rates.lif, BOOK, (0.15, 0.3, 0.6), steps=1),
        ),
        CURVE,
    ),
    "integrate-and-fire": neuron_page(
        "Integrate-and-fire of Izhikevich (2004)",
        integrate_and_fire,
        Drive(
            mV / ms, "mV/ms", (0, 4), 1.2, duration=600, shown=200, search=[(0.702, 0.791)], peak=-20,
            rheobase=Known(0.75, 0.005, "b*v_thresh - a; tolerance: a step of the search"),
            theory=Theory(rates.integrate_and_fire, IZHIKEVICH, (1.0, 2.0, 4.0), steps=1),
        ),
        CURVE,
        b=[0.05, 0.04, 0.03] / ms,
        a=[-3.25, -2.6, -1.95] * mV / ms,
    ),
    "adaptive-lif": neuron_page(
        "Integrate-and-fire with adaptation",
        adaptive_lif,
        Drive(
            mV / ms, "mV/ms", (0, 4), 1.5, duration=800, shown=400, search=[(0.702, 0.791)], peak=-20,
            rheobase=Known(0.75, 0.005, "b*v_thresh - a, before any adaptation; tolerance: a step of the search"),
        ),
        CURVE,
        d=[-90, -80, -40] * mV,
    ),
    "adaptive-threshold-lif": neuron_page(
        "Leaky integrate-and-fire with an adaptive threshold",
        adaptive_threshold_lif,
        Drive(
            nA, "nA", (0, 0.6), 0.25, duration=1000, shown=300, search=[(0.0951, 0.1052)], peak=-20, also=("theta",),
            rheobase=Known(0.1, 0.0006, "(theta_0 - E_L)/R_m; tolerance: a step of the search"),
            theory=Theory(
                rates.adaptive_threshold, "the adapted interval solves the equations of v and theta between two spikes",
                (0.15, 0.3, 0.6), steps=2,
            ),
        ),
        CURVE,
    ),
    "quadratic-integrate-and-fire": neuron_page(
        "Quadratic integrate-and-fire",
        quadratic_integrate_and_fire,
        Drive(
            mV / ms, "mV/ms", (0, 3), 1.0, duration=1200, shown=200, search=[(0.361, 0.389)],
            rheobase=Known(
                0.375, 0.004,
                "a*(v_thresh - v_rest)**2/4, the saddle-node; tolerance: nearer to it the first spike comes after the "
                "run",
            ),
            theory=Theory(
                rates.quadratic, "Latham et al. (2000), J. Neurophysiol. 83:808, closed form (arc tangents)",
                (0.5, 1.0, 3.0), steps=1,
            ),
        ),
        CURVE + " Near the rheobase the rate grows as a square root.",
    ),
    "exponential-integrate-and-fire": neuron_page(
        "Exponential integrate-and-fire",
        exponential_integrate_and_fire,
        Drive(
            DENSITY, DENSITY_TEXT, (0, 2), 0.5, duration=800, shown=200, search=[(0.151, 0.179)], peak=20,
            rheobase=Known(0.16, 0.005, f"{FOURCAUD}: I_T; tolerance: half of the last printed digit"),
            theory=Theory(
                rates.exponential, f"{FOURCAUD}: integral of dv/v'; Euler's steps lag by up to four of them, reset and "
                "refractory period are rounded to one each", (0.3, 1.0, 2.0), steps=6,
            ),
        ),
        CURVE,
    ),
    "adex": neuron_page(
        "Adaptive exponential integrate-and-fire",
        adex,
        Drive(
            nA, "nA", (0, 1.5), 0.9, duration=600, shown=300, search=[(0.531, 0.599), (0.601, 0.659)],
            peak=20,
            repetitive=Known(
                _adex_rheobase(), 0.013,
                "Touboul and Brette (2008), Biol. Cybern. 99:319: the Hopf bifurcation of the rest; tolerance: 2 %, "
                "nearer to it the oscillation grows too slowly for the run",
            ),
        ),
        CURVE,
    ),
    "glif": neuron_page(
        "Generalized linear integrate-and-fire (Mihalas and Niebur)",
        glif,
        Drive(
            volt / second, "V/s", (0, 6), 1.5, duration=600, shown=200, search=[(0.951, 1.049)], peak=-20,
            also=("Theta",),
            rheobase=Known(1.0, 0.005, "G*(Theta_inf - E_L) for a = 0; tolerance: a step of the search"),
            theory=Theory(
                rates.glif, "Mihalas and Niebur (2009), Neural Comput. 21:704, equations 3.1 to 3.3", (1.5, 3.0, 6.0),
                steps=1,
            ),
        ),
        CURVE,
        a=5 * Hz,
        A_1=[0, 10, 5] * volt / second,
        A_2=[0, -0.6, -0.3] * volt / second,
    ),
    "integrate-and-fire-or-burst": neuron_page(
        "Integrate-and-fire-or-burst",
        integrate_and_fire_or_burst,
        Drive(
            DENSITY, DENSITY_TEXT, (0, 3), 1.5, duration=800, shown=400, search=[(0.1651, 0.1852), (1.001, 1.101)],
            peak=0,
            rheobase=Known(0.175, 0.002, "g_L*(V_h - V_L): the calcium current opens; tolerance: a step of the search"),
            repetitive=Known(1.05, 0.006, "g_L*(V_theta - V_L), no calcium current; tolerance: a step of the search"),
            theory=Theory(
                rates.integrate_and_fire_or_burst, "Smith et al. (2000), J. Neurophysiol. 83:588: a leaky integrator, "
                "once the calcium current is inactivated", (1.5, 2.0, 3.0), steps=2,
            ),
        ),
        CURVE + " The step from rest opens the calcium current and begins with a burst.",
    ),
    "izhikevich-2003": neuron_page(
        "Izhikevich (2003)",
        izhikevich_2003,
        Drive(mV / ms, "mV/ms", (0, 30), 10, duration=1000, shown=300, search=[(3.01, 3.99)], peak=30),
        CURVE,
        c=[-65, -55, -50] * mV,
        d=[8, 4, 2] * mV / ms,
    ),
    "izhikevich-2004": neuron_page(
        "Izhikevich (2004), updated sequentially",
        izhikevich_2004,
        Drive(mV / ms, "mV/ms", (0, 30), 14, duration=1000, shown=200, search=[(2.01, 2.99), (3.01, 3.99)], peak=30),
        CURVE + " All twenty firing patterns of the paper are compared spike by spike by the protocol firing-patterns.",
    ),
    "resonate-and-fire": neuron_page(
        "Resonate-and-fire",
        resonate_and_fire,
        Drive(
            1 / ms, "1/ms", (0, 1.1), 0.8, duration=200, shown=60, search=[(0.501, 0.699), (0.851, 0.999)],
            v_unit=1, v_text="",
        ),
        CURVE + " One spike and a ringing, until the rest itself lies above the threshold.",
    ),
    "fitzhugh-nagumo": neuron_page(
        "FitzHugh-Nagumo",
        fitzhugh_nagumo,
        Drive(
            1, "", (0, 1.6), 0.6, duration=600, shown=300, search=[(0.111, 0.239), (0.291, 0.349)], v_unit=1, v_text="",
        ),
        CURVE + " Above about 1.4 the cell rests again, depolarized.",
    ),
    "hindmarsh-rose": neuron_page(
        "Hindmarsh-Rose",
        hindmarsh_rose,
        Drive(
            1, "", (0, 4), 2.0, duration=1000, shown=800, search=[(0.281, 0.579), (1.201, 1.399)], v_unit=1, v_text="",
        ),
        CURVE + " Bursts at moderate inputs; the rate of bursting cells is their spikes over time.",
    ),
    "morris-lecar": neuron_page(
        "Morris-Lecar",
        morris_lecar,
        Drive(DENSITY, DENSITY_TEXT, (0, 200), 110, duration=1000, shown=500, search=[(57.1, 71.9), (85.1, 94.9)]),
        CURVE + " Class 2: the cell begins to fire at a rate above zero.",
    ),
    "hodgkin-huxley": neuron_page(
        "Hodgkin-Huxley",
        hodgkin_huxley,
        Drive(
            DENSITY, DENSITY_TEXT, (0, 40), 10, duration=160, shown=100, search=[(2.01, 2.49), (6.01, 6.99)],
            more=first_spike_of_the_axon,
        ),
        CURVE + " Class 2: single spikes from the rheobase on, repetitive firing only with several times that current.",
    ),
    "wang-buzsaki": neuron_page(
        "Wang-Buzsaki interneuron",
        wang_buzsaki,
        Drive(
            DENSITY, DENSITY_TEXT, (0, 5), 1.0, duration=400, shown=200, search=[(0.1501, 0.1799)],
            rheobase=Known(0.16, 0.005, f"{FOURCAUD}: I_T of this cell; tolerance: half of the last printed digit"),
        ),
        CURVE,
    ),
    "wilson": neuron_page(
        "Wilson's cortical neuron",
        wilson,
        Drive(DENSITY, DENSITY_TEXT, (0, 150), 70, duration=200, shown=200, search=[(15.1, 34.9)]),
        CURVE,
    ),
    "mdn": neuron_page(
        "Meta dynamic neuron (MDN)",
        mdn,
        Drive(1, "", (0, 1), 0.6, duration=600, shown=100, search=[(0.201, 0.399)], peak=1, v_unit=1, v_text=""),
        CURVE + " One step of a millisecond is one step of the paper; its input is a sigmoid, between 0 and 1.",
    ),
    "meta-lif": neuron_page(
        "Meta leaky integrate-and-fire",
        meta_lif,
        Drive(
            nA, "nA", (0, 0.6), 0.3, duration=600, shown=200, search=[(0.0951, 0.1052)], peak=-20,
            rheobase=Known(0.1, 0.0006, "(v_th - E_L)/R_m; tolerance: a step of the search"),
            theory=Theory(rates.lif, f"without couplings it is lif: {BOOK}", (0.15, 0.3, 0.6), steps=1),
        ),
        CURVE,
        alpha_tau=-0.1,
        beta_tau=0.3,
        alpha_theta=[0.2, 0.5, 1] * mV,
        beta_theta=1 * mV,
        F=[-1, 0, 1],
    ),
    "probabilistic-meta-lif": neuron_page(
        "Meta leaky integrate-and-fire with escape noise",
        probabilistic_meta_lif,
        Drive(
            nA, "nA", (0, 0.4), 0.2, duration=1200, shown=200, search=[], peak=-20, copies=20,
            theory=Theory(
                rates.escape_noise, "Gerstner et al. (2014), Neuronal Dynamics, section 9.1: one over the mean "
                "interval of the escape rate; tolerance: four standard errors", (0.1, 0.2, 0.4), steps=2,
            ),
        ),
        CURVE + " Twenty cells for each input; with noise there is no rheobase.",
        delta_u=1e-7 * mV,
        alpha_theta=1 * mV,
    ),
}  # fmt: skip
