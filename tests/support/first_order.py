"""Whether spike times converge to the truth as those of a method of first order do.

A method of first order has t(h) = t + c*h + d*h**2 + ..., so that halving the step halves the error, and the
extrapolation R(h) = 2*t(h/2) - t(h) is off by -d*h**2/2: R(h/2) is off by a third of R(h/2) - R(h). Where Euler's step
overshoots a blow-up, as in the upstroke of an exponential cell, t(h) has a term h*log(h) too, for which R(h/2) is off
by all of that difference. Twice the difference is accepted, and 1.5 to 2.5 for the ratio of two errors.
"""

import numpy as np


def assert_first_order(ledger, model, runs, truth, *, against, dt, duration, slack):
    """Spike times `runs` (a list of trains) at the steps dt, dt/2 and dt/4 against the trains `truth`, all in ms.

    `slack` is what is added to a tolerance: the largest error at dt that does not fall smoothly (ms).
    """
    for run in runs:
        assert [len(train) for train in run] == [len(train) for train in truth]
    coarse, half, quarter, exact = (np.concatenate(trains) for trains in (*runs, truth))
    told = dict(against=against, dt=dt, duration=duration, unit="ms")
    ledger(model, quantity="spike times", found=coarse, expected=exact,
           absolute=3 * np.abs(coarse - half).max() + slack, **told)  # fmt: skip
    first, second = 2 * half - coarse, 2 * quarter - half
    ledger(model, quantity="spike times, extrapolated from dt/2 and dt/4 to 0", found=second, expected=exact,
           absolute=2 * np.abs(second - first).max() + slack / 2, **told)  # fmt: skip
    ratios = [np.abs(a - exact).mean() / np.abs(b - exact).mean() for a, b in ((coarse, half), (half, quarter))]
    ledger(model, quantity="ratio of the errors at a step and half of it", found=ratios, expected=[2, 2],
           **(told | dict(absolute=0.5, unit="1")))  # fmt: skip
