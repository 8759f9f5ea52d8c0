"""Random spikes against the mean, variance, intervals and autocorrelation that define them.

Seeds are fixed. A bound is four standard deviations of the sampling distribution (one in 16,000), or a p-value of
1e-4 of a Kolmogorov-Smirnov or chi-squared test.
"""

from __future__ import annotations

import math

import elephant.spike_train_generation as theirs
import numpy as np
import pytest
import quantities as pq
from brian2 import Hz, ms, mV, second
from scipy import stats

from bioplast import stimulus
from bioplast.errors import BioplastError

LEAST = 1e-4  # p-value
RATE, DEAD = 40.0, 10e-3


def rng(seed=1):
    return np.random.default_rng(seed)


def intervals(spikes, number):
    """The first intervals of every train, which does not favour the short ones; every train has enough."""
    found = []
    for neuron in range(spikes.neurons):
        own = spikes.times[spikes.indices == neuron]
        assert len(own) > number
        found.append(np.diff(own[: number + 1]))
    return np.array(found)


def first_spikes(spikes):
    return spikes.times[np.unique(spikes.indices, return_index=True)[1]]


def autocorrelation(counts, lag):
    """Of independent columns, whose mean is taken over all."""
    x = counts - counts.mean()
    return (x[lag:] * x[:-lag]).mean() / (x**2).mean()


# How each process is drawn, and the distribution of its intervals.
PROCESSES = {
    "poisson": (lambda n, T, g: stimulus.poisson(RATE * Hz, T, n, rng=g), stats.expon(scale=1 / RATE)),
    "refractory": (
        lambda n, T, g: stimulus.poisson(RATE * Hz, T, n, refractory=DEAD * second, rng=g),
        stats.expon(loc=DEAD, scale=1 / RATE - DEAD),
    ),
    "regular": (lambda n, T, g: stimulus.gamma_renewal(RATE * Hz, 4, T, n, rng=g), stats.gamma(4, scale=1 / RATE / 4)),
    "bursting": (
        lambda n, T, g: stimulus.gamma_renewal(RATE * Hz, 0.5, T, n, rng=g),
        stats.gamma(0.5, scale=1 / RATE / 0.5),
    ),
}


@pytest.mark.parametrize("name", PROCESSES)
def test_a_renewal_process_has_its_intervals_which_are_independent(name):
    draw, distribution = PROCESSES[name]
    found = intervals(draw(200, 5 * second, rng()), 100)
    assert stats.kstest(found.ravel(), distribution.cdf).pvalue > LEAST
    x = found - found.mean()
    serial = (x[:, 1:] * x[:, :-1]).mean() / (x**2).mean()
    assert abs(serial) < 4 / math.sqrt(found.size)


@pytest.mark.parametrize("name", PROCESSES)
def test_a_renewal_process_has_its_rate_from_the_first_moment_on(name):
    """The first spike comes as in equilibrium, with the density rate*(1 - F), and counts have mean rate*T."""
    draw, distribution = PROCESSES[name]
    spikes = draw(4000, 1 * second, rng(2))
    # the mean count of a window does not depend on where it lies
    counts = spikes.counts(20 * ms)
    per_neuron = counts.sum(axis=0)
    deviation = per_neuron.std() / math.sqrt(spikes.neurons)
    assert per_neuron.mean() == pytest.approx(RATE, abs=4 * deviation)
    early = counts[0]
    assert early.mean() == pytest.approx(RATE * 0.02, abs=4 * early.std() / math.sqrt(early.size))
    grid = np.linspace(0, 1, 4001)
    density = RATE * distribution.sf(grid)
    cumulative = np.concatenate([[0], np.cumsum((density[1:] + density[:-1]) / 2 * grid[1])])
    first = np.full(spikes.neurons, 1.0)
    first[np.unique(spikes.indices)] = first_spikes(spikes)
    cdf = lambda t: np.where(t < 1, np.interp(t, grid, cumulative), 1.0)  # noqa: E731 - as scipy asks for it
    assert stats.kstest(first[first < 1], lambda t: cdf(t) / cumulative[-1]).pvalue > LEAST


@pytest.mark.parametrize("name", PROCESSES)
def test_the_variance_of_counts_is_that_of_the_intervals(name):
    """Var N = CV^2 rate T and a constant of the size of 1 + CV^4 (Cox 1962, section 4.5)."""
    draw, distribution = PROCESSES[name]
    T = 20.0
    counts = draw(1500, T * second, rng(3)).counts(T * second)[0]
    cv2 = distribution.var() / distribution.mean() ** 2
    expected = cv2 * RATE * T
    # the variance of a sample variance of near-normal counts
    bound = 4 * expected * math.sqrt(2 / (counts.size - 1)) + 1 + cv2**2
    assert counts.var(ddof=1) == pytest.approx(expected, abs=bound)


def test_poisson_counts_are_poisson_and_uncorrelated():
    spikes = stimulus.poisson([5, 40] * Hz, 100 * second, 2, rng=rng(4))
    counts = spikes.counts(50 * ms)
    for neuron, mean in enumerate((0.25, 2.0)):
        seen = np.bincount(np.minimum(counts[:, neuron], 6), minlength=7)
        shares = stats.poisson(mean).pmf(np.arange(6))
        expected = np.append(shares, 1 - shares.sum()) * len(counts)
        some = expected > 5
        seen, expected = (np.append(v[some], v[~some].sum()) for v in (seen, expected))
        assert stats.chisquare(seen[expected > 0], expected[expected > 0]).pvalue > LEAST
        for lag in (1, 2, 5):
            assert abs(autocorrelation(counts[:, [neuron]], lag)) < 4 / math.sqrt(len(counts))


def test_the_autocorrelation_within_the_refractory_period():
    """No two spikes are in bins that both lie within it: the correlation is -p/(1 - p), p the chance of a spike."""
    counts = stimulus.poisson(RATE * Hz, 50 * second, 20, refractory=DEAD * second, rng=rng(5)).counts(2 * ms)
    p = RATE * 2e-3
    assert counts.max() == 1
    for lag in (1, 2, 3):
        assert (counts[lag:] * counts[:-lag]).sum() == 0
        assert autocorrelation(counts, lag) == pytest.approx(-p / (1 - p), abs=4 / math.sqrt(counts.size))
    assert abs(autocorrelation(counts, 60)) < 4 / math.sqrt(counts.size)


def test_the_autocorrelation_of_a_gamma_process():
    """Intervals of shape 2 have the renewal density rate*(1 - exp(-4 rate t)) (Cox 1962, section 4.3)."""
    width, neurons, T = 1e-3, 100, 50
    counts = stimulus.gamma_renewal(RATE * Hz, 2, T * second, neurons, rng=rng(6)).counts(width * second)
    for lag in (2, 5, 10, 30):
        pairs = (counts[lag:] * counts[:-lag]).sum()
        t = lag * width
        # the density is all but linear over the two bins
        expected = RATE * width * RATE * width * (1 - math.exp(-4 * RATE * t)) * (len(counts) - lag) * neurons
        assert pairs == pytest.approx(expected, abs=4 * math.sqrt(expected) + (4 * RATE * width) ** 2 / 6 * expected)


def test_refractoriness_means_what_it_means_in_elephant():
    """The rate is the mean one there too, and the process in equilibrium."""
    np.random.seed(1)  # Elephant draws from NumPy's global state
    process = theirs.StationaryPoissonProcess(RATE * pq.Hz, t_stop=1 * pq.s, refractory_period=DEAD * pq.s)
    trains = process.generate_n_spiketrains(500)
    ours = stimulus.poisson(RATE * Hz, 1 * second, 500, refractory=DEAD * second, rng=rng(7))
    counts = [len(train) for train in trains]
    assert stats.ks_2samp(counts, ours.counts(1 * second)[0]).pvalue > LEAST
    between = np.concatenate([np.diff(train.rescale("s").magnitude) for train in trains])
    mine = np.concatenate([np.diff(ours.times[ours.indices == k]) for k in range(500)])
    assert stats.ks_2samp(between, mine).pvalue > LEAST
    first = [float(train[0].rescale("s")) for train in trains if len(train)]
    assert stats.ks_2samp(first, first_spikes(ours)).pvalue > LEAST


# Rates that change


BINS = 100
WAVE = 30 + 25 * np.sin(np.arange(BINS) / 8)  # Hz, in bins of 5 ms


@pytest.mark.parametrize("dead", [0.0, 8e-3])
def test_the_mean_rate_is_the_given_one_in_every_bin_also_with_refractoriness(dead):
    neurons = 6000
    spikes = stimulus.inhomogeneous_poisson(WAVE * Hz, 5 * ms, neurons, refractory=dead * second, rng=rng(8))
    found = spikes.counts(5 * ms).mean(axis=1)
    expected = WAVE * 5e-3
    # no more spikes in a bin than a Poisson process scatters; the largest of a hundred deviations
    bound = stats.norm.isf(LEAST / 2 / BINS) * np.sqrt(expected / neurons)
    assert (np.abs(found - expected) < bound).all()
    if dead:
        assert all(np.diff(spikes.times[spikes.indices == k]).min(initial=1) >= dead for k in range(50))


def test_counts_of_a_changing_rate_are_poisson_and_uncorrelated():
    neurons = 4000
    counts = stimulus.inhomogeneous_poisson(WAVE * Hz, 5 * ms, neurons, rng=rng(9)).counts(5 * ms)
    mean = WAVE * 5e-3
    scaled = (counts - mean[:, None]) / np.sqrt(mean)[:, None]
    # the variance of squares is 2 + 1/mean
    assert (scaled**2).mean() == pytest.approx(1, abs=4 * math.sqrt((2 + 1 / mean).mean() / counts.size))
    for lag in (1, 2, 7):
        assert abs((scaled[lag:] * scaled[:-lag]).mean()) < 4 / math.sqrt(counts.size)


def test_intervals_are_exponential_in_the_time_of_expected_spikes():
    """The time-rescaling theorem; rates of their own for each neuron, and a bin without any."""
    rates = np.tile(np.stack([WAVE, 2 * WAVE], axis=1), (20, 1))
    rates[50:60] = 0
    spikes = stimulus.inhomogeneous_poisson(rates * Hz, 5 * ms, 2, rng=rng(10))
    borders = np.arange(len(rates) + 1) * 5e-3
    assert not ((spikes.times >= borders[50]) & (spikes.times < borders[60])).any()
    for neuron in range(2):
        expected = np.concatenate([[0], np.cumsum(rates[:, neuron] * 5e-3)])
        rescaled = np.diff(np.interp(spikes.times[spikes.indices == neuron], borders, expected))
        assert stats.kstest(rescaled, stats.expon.cdf).pvalue > LEAST


def test_a_rate_that_does_not_change_is_a_homogeneous_process():
    one = stimulus.inhomogeneous_poisson(np.full(200, RATE) * Hz, 5 * ms, 500, refractory=DEAD * second, rng=rng(11))
    other = stimulus.poisson(RATE * Hz, 1 * second, 500, refractory=DEAD * second, rng=rng(12))
    assert one.duration == other.duration
    assert stats.ks_2samp(one.counts(1 * second)[0], other.counts(1 * second)[0]).pvalue > LEAST
    assert stats.ks_2samp(first_spikes(one), first_spikes(other)).pvalue > LEAST
    pairs = [np.concatenate([np.diff(s.times[s.indices == k]) for k in range(500)]) for s in (one, other)]
    assert stats.ks_2samp(*pairs).pvalue > LEAST


# Bits


def test_bernoulli_bits_are_independent():
    p, steps, neurons = 0.05, 2000, 100
    found = stimulus.bernoulli(p, steps, neurons, rng=rng(13))
    assert found.shape == (steps, neurons) and found.dtype == bool
    assert found.mean() == pytest.approx(p, abs=4 * math.sqrt(p * (1 - p) / found.size))
    counts = found.sum(axis=0)
    assert counts.var(ddof=1) == pytest.approx(steps * p * (1 - p), rel=4 * math.sqrt(2 / (neurons - 1)))
    for lag in (1, 2, 10):
        assert abs(autocorrelation(found.astype(float), lag)) < 4 / math.sqrt(found.size)
    gaps = np.concatenate([np.diff(np.flatnonzero(column))[:60] for column in found.T])
    assert_geometric(gaps, p)


def assert_geometric(lengths, p):
    """A chi-squared test over ten classes of about the same size."""
    borders = np.unique(stats.geom(p).ppf(np.arange(1, 10) / 10))
    below = stats.geom(p).cdf(borders)
    expected = np.diff(np.concatenate([[0], below, [1]])) * lengths.size
    seen = np.bincount(np.searchsorted(borders, lengths), minlength=len(expected))
    assert stats.chisquare(seen, expected).pvalue > LEAST


@pytest.mark.parametrize(("p", "r"), [(0.2, 0.5), (0.05, 0.9), (0.5, -0.6), (0.2, 0.0), (0.3, -3 / 7), (0.7, 0.3)])
def test_a_markov_chain_has_its_rate_its_correlation_and_its_runs(p, r):
    steps, neurons = 3000, 300
    found = stimulus.markov(p, r, steps, neurons, rng=rng(14))
    assert found.shape == (steps, neurons) and found.dtype == bool
    # the exact variance of a count, from the sum of r**k
    variance = p * (1 - p) * (steps * (1 + r) / (1 - r) - 2 * r * (1 - r**steps) / (1 - r) ** 2)
    counts = found.sum(axis=0)
    assert counts.mean() == pytest.approx(p * steps, abs=4 * math.sqrt(variance / neurons))
    assert counts.var(ddof=1) == pytest.approx(variance, rel=4 * math.sqrt(2 / (neurons - 1)))
    first = math.sqrt(p * (1 - p) / neurons)
    for step in (0, 1, steps - 1):  # stationary from the first step on
        assert found[step].mean() == pytest.approx(p, abs=4 * first)
    for lag in (1, 2, 3, 6):
        # a product has at most the fourth moment as its variance, and the sum of r^k says how many are as good as one
        q = p * (1 - p)
        spread = math.sqrt((1 - 3 * q) / q * (1 + abs(r)) / (1 - abs(r)) / found.size)
        assert autocorrelation(found.astype(float), lag) == pytest.approx(r**lag, abs=4 * spread)
    leaving = (1 - p) * (1 - r), p * (1 - r)  # a spike, none
    for state, chance in zip((True, False), leaving, strict=True):
        if chance < 0.999:
            assert_geometric(runs(found, state, int(steps * p * leaving[0] / 4)), chance)


def runs(bits, state, number):
    """The lengths of the first runs of a state in each column, but the very first, whose beginning is not seen."""
    found = []
    for column in bits.T:
        edges = np.flatnonzero(np.diff(column.astype(int))) + 1
        first = 0 if column[edges[0]] == state else 1
        found.append(np.diff(edges)[first::2][:number])
        assert len(found[-1]) == number
    return np.concatenate(found)


def test_the_same_rate_and_no_count_tells_a_chain_from_independent_bits():
    """What the rate-matched task stands on: equal rates, other words."""
    from bioplast import analysis

    words = [
        stimulus.bernoulli(0.2, 1024, 200, rng=rng(15)).T,
        stimulus.markov(0.2, 0.5, 1024, 200, rng=rng(16)).T,
    ]
    counts = [word.sum(axis=1) for word in words]
    spread = math.sqrt(sum(each.var(ddof=1) / each.size for each in counts))
    assert abs(counts[0].mean() - counts[1].mean()) < 4 * spread
    complexity = [analysis.lz76(word) for word in words]
    pooled = math.sqrt(np.mean([each.var(ddof=1) for each in complexity]))
    assert (complexity[0].mean() - complexity[1].mean()) / pooled > 3  # d', 3.8 in a public study of the same chain


# What is asked for wrongly


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (lambda: stimulus.poisson(10, 1 * second, rng=rng()), "rate is 10: a rate with a unit"),
        (lambda: stimulus.poisson(10 * ms, 1 * second, rng=rng()), "a rate with a unit"),
        (lambda: stimulus.poisson([1 * Hz, 2 * Hz], 1 * second, 2, rng=rng()), "a rate with a unit"),
        (lambda: stimulus.poisson(-1 * Hz, 1 * second, rng=rng()), "negative or not finite"),
        (lambda: stimulus.poisson(np.nan * Hz, 1 * second, rng=rng()), "negative or not finite"),
        (lambda: stimulus.poisson([1, 2, 3] * Hz, 1 * second, 2, rng=rng()), r"rate has shape \(3,\)"),
        (lambda: stimulus.poisson(1 * Hz, 1, rng=rng()), "duration is 1: a positive time with a unit"),
        (lambda: stimulus.poisson(1 * Hz, 0 * second, rng=rng()), "duration is"),
        (lambda: stimulus.poisson(1 * Hz, 1 * second, 0, rng=rng()), "neurons is 0"),
        (lambda: stimulus.poisson(1 * Hz, 1 * second, 2.0, rng=rng()), r"neurons is 2\.0"),
        (lambda: stimulus.poisson(1 * Hz, 1 * second, rng=1), "rng is 1: a generator"),
        (lambda: stimulus.poisson(1 * Hz, 1 * second, refractory=-1 * ms, rng=rng()), "refractory is"),
        (lambda: stimulus.poisson(100 * Hz, 1 * second, refractory=10 * ms, rng=rng()), "below 100 Hz is accepted"),
        (lambda: stimulus.gamma_renewal(1 * Hz, 0, 1 * second, rng=rng()), "shape is 0"),
        (lambda: stimulus.gamma_renewal(1 * Hz, "2", 1 * second, rng=rng()), "shape is '2'"),
        (lambda: stimulus.inhomogeneous_poisson(1 * Hz, 1 * ms, rng=rng()), r"rate has shape \(\)"),
        (lambda: stimulus.inhomogeneous_poisson([1.0], 1 * ms, rng=rng()), "a rate with a unit"),
        (lambda: stimulus.inhomogeneous_poisson(np.ones((4, 2)) * Hz, 1 * ms, 3, rng=rng()), "there are 3 neurons"),
        (
            lambda: stimulus.inhomogeneous_poisson([1, 300] * Hz, 5 * ms, refractory=5 * ms, rng=rng()),
            r"1\.5 spikes are expected within a refractory period of 5 ms",
        ),
        (lambda: stimulus.bernoulli(1.5, 10, rng=rng()), r"probability is 1\.5"),
        (lambda: stimulus.bernoulli(0.5, 0, rng=rng()), "steps is 0"),
        (lambda: stimulus.markov(0.2, 1, 10, rng=rng()), r"correlation is 1: from -0\.25 to less than 1"),
        (lambda: stimulus.markov(0.2, -0.3, 10, rng=rng()), r"correlation is -0\.3: from -0\.25"),
        (lambda: stimulus.markov(0, 0.5, 10, rng=rng()), "others never change"),
        (lambda: stimulus.markov(0.5, mV, 10, rng=rng()), "correlation is"),
    ],
)
def test_what_cannot_be_drawn_is_one_line(call, line):
    with pytest.raises(BioplastError, match=line) as error:
        call()
    assert "\n" not in str(error.value)


def test_a_seed_gives_the_same_spikes_and_a_silent_neuron_none():
    one, other = (stimulus.poisson([0, 20] * Hz, 1 * second, 2, rng=rng(3)) for _ in range(2))
    assert one.times.tobytes() == other.times.tobytes() and one.indices.tobytes() == other.indices.tobytes()
    assert set(one.indices.tolist()) == {1}
    assert set(stimulus.gamma_renewal([0, 20] * Hz, 2, 1 * second, 2, rng=rng(3)).indices.tolist()) == {1}
    assert stimulus.poisson(0 * Hz, 1 * second, refractory=5 * ms, rng=rng()).times.size == 0
    assert stimulus.inhomogeneous_poisson([0, 0] * Hz, 5 * ms, rng=rng()).times.size == 0
