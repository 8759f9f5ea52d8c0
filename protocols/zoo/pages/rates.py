"""Firing rates (Hz) at a constant input in closed form, with the default parameters of the models; times in ms."""

from __future__ import annotations

import numpy as np

Array = np.ndarray


def _hertz(interval: Array) -> Array:
    return np.where(np.isfinite(interval), 1e3 / interval, 0.0)


def _climb(steady: Array, reset: float, threshold: float, tau: float) -> Array:
    """The time in which a leaky cell climbs from its reset to its threshold; infinite where it does not get there."""
    beyond = steady > threshold
    ratio = (steady - reset) / np.where(beyond, steady - threshold, 1.0)
    return np.where(beyond, tau * np.log(np.where(beyond, ratio, 1.0)), np.inf)


def lif(current: Array) -> Array:
    """Of the current in nA."""
    return _hertz(5 + _climb(-60 + 100 * current, -60, -50, 20))


def integrate_and_fire(current: Array) -> Array:
    """Of the current in mV/ms."""
    return _hertz(_climb((current - 3.25) / 0.05, -65, -50, 20))


def glif(current: Array) -> Array:
    """Of the current in V/s, without adaptation: the threshold stays at its rest."""
    return _hertz(_climb(-70 + current / 0.05, -70, -50, 20))


def integrate_and_fire_or_burst(current: Array) -> Array:
    """Of the current in uA/cm**2, once the calcium current is inactivated."""
    return _hertz(_climb(-65 + current / 0.035, -50, -35, 2 / 0.035))


def adaptive_threshold(current: Array) -> Array:
    """Of the current in nA: in an adapted interval the threshold decays from theta + delta_theta to theta."""
    steady = -60 + 100 * current
    low, high = np.full(steady.shape, 2.0), np.full(steady.shape, 1e4)
    for _ in range(80):
        middle = (low + high) / 2
        left = np.exp(-middle / 100)
        theta = -50 + 5 * left / (1 - left)
        reached = steady + (-60 - steady) * np.exp(-(middle - 2) / 20) > theta
        low, high = np.where(reached, low, middle), np.where(reached, middle, high)
    return _hertz(np.where(steady > -50 + 1e-9, high, np.inf))


def quadratic(current: Array) -> Array:
    """Of the current in mV/ms; near its rheobase it grows as a square root."""
    a, rest, threshold, reset, peak = 1 / 150, -65.0, -50.0, -70.0, 30.0
    beyond = current - a * (threshold - rest) ** 2 / 4
    root = np.sqrt(np.where(beyond > 0, beyond, 1.0) / a)
    middle = (rest + threshold) / 2
    interval = (np.arctan((peak - middle) / root) - np.arctan((reset - middle) / root)) / (a * root)
    return _hertz(np.where(beyond > 0, interval, np.inf))


def exponential(current: Array) -> Array:
    """Of the current in uA/cm**2: the integral of dv/v' from the reset to the spike, by the trapezoidal rule."""
    v = np.linspace(-68, -30, 20001)[:, None]
    rise = current - 0.1 * (v + 65) + 0.1 * 3.48 * np.exp((v + 59.9) / 3.48)
    fires = (rise > 0).all(axis=0)
    slowness = 1 / np.where(rise > 0, rise, 1.0)
    interval = 1.7 + ((slowness[1:] + slowness[:-1]) / 2).sum(axis=0) * 38 / 20000
    return _hertz(np.where(fires, interval, np.inf))


def escape_noise(current: Array) -> Array:
    """Of the current in nA: one over the mean interval, the integral of the survivor function of the hazard."""
    dt = 0.02
    t = np.arange(0, 3000, dt)
    rates = []
    for one in np.atleast_1d(current):
        v = -60 + 100 * one * (1 - np.exp(-t / 20))
        hazard = np.exp(np.minimum((v + 50) / 2, 50.0))
        rates.append(1e3 / (5 + np.exp(-np.cumsum(hazard) * dt).sum() * dt))
    return np.array(rates)
