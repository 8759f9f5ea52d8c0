"""Random numbers, which are drawn in every step."""

from __future__ import annotations

from brian2 import Hz, Network, PoissonGroup, PoissonInput, SpikeMonitor, Synapses, ms

from .making import cells, recorded, stochastic


@stochastic
def additive_noise() -> Network:
    group = cells("dv/dt = (1.1 - v)/(5*ms) + 0.3*xi/ms**.5 : 1 (unless refractory)", method="euler", refractory=1 * ms)
    return Network(recorded(group, "v"))


@stochastic
def noise_of_two_variables() -> Network:
    """One noise in two equations. (Of two noises it is left open which is drawn first.)"""
    group = cells("dv/dt = (1.1 + x - v)/(5*ms) + 0.1*xi_1/ms**.5 : 1\ndx/dt = -x/ms + 0.2*xi_1/ms**.5 : 1")
    return Network(recorded(group))


@stochastic
def multiplicative_noise_heun() -> Network:
    return Network(recorded(cells("dv/dt = (1.1 - v)/(5*ms) + 0.2*v*xi/ms**.5 : 1", method="heun")))


@stochastic
def multiplicative_noise_milstein() -> Network:
    return Network(recorded(cells("dv/dt = (1.1 - v)/(5*ms) + 0.2*v*xi/ms**.5 : 1", method="milstein")))


@stochastic
def random_thresholds() -> Network:
    group = cells("dv/dt = (1.1 - v)/(5*ms) : 1", threshold="rand() < v*dt/(3*ms)", reset="v = 0")
    return Network(recorded(group))


@stochastic
def poisson_groups() -> Network:
    source = PoissonGroup(5, rates="(50 + 40*i)*Hz*(1 + sin(2*pi*t/(11*ms)))", namespace={}, name="poisson")
    target = cells("dv/dt = -v/(5*ms) : 1", 3)
    synapses = Synapses(source, target, on_pre="v_post += 0.4", namespace={}, name="synapses")
    synapses.connect()
    return Network(source, SpikeMonitor(source, name="poisson_spikes"), synapses, recorded(target))


@stochastic
def poisson_inputs() -> Network:
    target = cells("dv/dt = -v/(5*ms) : 1\ndx/dt = -x/(5*ms) : 1")
    few = PoissonInput(target, "v", N=20, rate=100 * Hz, weight=0.2)
    many = PoissonInput(target, "x", N=2000, rate=100 * Hz, weight="0.01*(1 + i)")
    return Network(recorded(target), few, many)


@stochastic
def shared_and_own_random_numbers() -> Network:
    group = cells("dv/dt = (1.1 + a - v)/(5*ms) : 1\na : 1 (shared)\nb : 1")
    group.run_regularly("a = rand()", dt=1 * ms)
    group.run_regularly("b = 0.5*b + randn()*rand()", dt=0.5 * ms)
    return Network(recorded(group))
