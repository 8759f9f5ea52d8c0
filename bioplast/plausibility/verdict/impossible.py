"""Patterns that a model cannot show, whatever its parameters: a proof for each, never a failed search.

The proofs are about cells at rest before each event. A criterion lets v differ a little between the rests of a sweep,
so what a search finds in spite of a proof lives in that tolerance, and not in the model.

They hold for every stimulus of the protocols, within the bounds of the definitions; the rheobase of these cells is
positive, so that a step or pulse excites and inhibition does not.

The leaky integrate-and-fire cell and the quadratic one are flows on a line, v' = f(v) + I(t), with one reset value.
Two facts carry most of the proofs. Order: two courses of v under the same input never cross, and more input never means
a lower v. Renewal: under a constant input every spike starts the same course from the same reset, so that all intervals
are equal.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Impossible:
    """Why some models cannot show some patterns.

    Attributes
    ----------
    models : tuple of str
        Names of definitions.
    letters : str
        Patterns.
    argument : str
    """

    models: tuple[str, ...]
    letters: str
    argument: str


_LINE = ("integrate_and_fire", "quadratic_integrate_and_fire")
# Up to their first spike these are leaky integrators: what a spike changes has its resting value.
_FIRST_SPIKE = ("adaptive_lif", "adaptive_threshold_lif", "lif")
_LEAKY = ("integrate_and_fire", "lif")

IMPOSSIBLE = (
    Impossible(
        (*_LINE, "lif"),
        "CDEF",
        "Renewal: during a step all intervals are equal, so a train neither falls into bursts nor slows down nor ends.",
    ),
    Impossible(
        ("integrate_and_fire",),
        "B",
        "Measure v from rest and in units of the threshold, time in membrane time constants, and let the step be 1"
        " + e rheobases; e <= 1, since half of it is silent. The first spike takes ln((1 + e)/e). After the reset "
        "v approaches 1 + e exponentially. If the step ends below threshold and the range of v in its last "
        "quarter, of length q, is at most half of v there, then exp(q) <= (1/2 + e)/e. But the silence is at least"
        " five times the first latency, so q is at least 1.5*ln((1 + e)/e), a contradiction.",
    ),
    Impossible(
        ("quadratic_integrate_and_fire",),
        "B",
        "Put the origin of v midway between rest and threshold, -s and s: under a step v' = a*(v**2 + m), and m is at"
        " most s**2, since half of the step is silent. The angle arctan(v/sqrt(m)) grows evenly with time. To the "
        "peak, above the origin, it is p > 0: the first spike takes at least pi/4 + p, and any interval, from "
        "however low a reset, at most pi/2 + p, which is less than twice as much. The next spike comes before a "
        "silence of five latencies is over.",
    ),
    Impossible(
        ("adaptive_lif", "adaptive_threshold_lif"),
        "BD",
        "The step is one that fires the cell at rest, so without the adaptation it holds v above the threshold at "
        "rest. In silence the adaptation decays: v cannot settle, and the cell fires again. What looks settled is an "
        "adaptation that outlasts the step.",
    ),
    Impossible(
        (*_LINE, *_FIRST_SPIKE),
        "MN",
        "Order: inhibition leaves v at or below rest, and from below v approaches rest without passing it.",
    ),
    Impossible(
        (*_LINE, *_FIRST_SPIKE),
        "O",
        "Order: after inhibition v is at or below rest when the pulse comes, and so it stays at or below the "
        "course to the pulse alone, which does not reach threshold. For the quadratic cell the published table has"
        " a +.",
    ),
    Impossible(
        (*_LINE, *_FIRST_SPIKE),
        "K",
        "Order: after the first pulse v falls back towards rest, so that it is higher when the second pulse comes "
        "earlier. If the pair fires the cell at one interval, it does at every shorter one.",
    ),
    Impossible(
        (*_LINE, *_FIRST_SPIKE),
        "R",
        "Order: count time back from the tops of the two ramps. The slow one is the higher at every time, and when"
        " the fast one begins v is at rest or, on the slow one, above. What the fast ramp does, the slow one does "
        "before.",
    ),
    Impossible(
        (*_LINE, *_FIRST_SPIKE),
        "ST",
        "Order: with less input than at rest v stays at or below rest.",
    ),
    Impossible(
        (*_LINE, "lif", "adaptive_threshold_lif"),
        "JQ",
        "At the base v approaches rest from one side and never crosses it, so there is no second half-cycle; and a"
        " course on a line does not turn, so v does not rise to a hump and fall again.",
    ),
    Impossible(
        ("adaptive_lif",),
        "J",
        "After the last spike the adaptation pulls v towards d, ever more weakly. The deviation x from rest obeys "
        "x' = -(b + g)*x + g*(d - rest), whose last term keeps its sign: x changes sign at most once, so there is "
        "no third half-cycle.",
    ),
    Impossible(
        (*_LEAKY, "adaptive_lif", "adaptive_threshold_lif"),
        "I",
        "When the pulse ends v is below threshold and falls back towards rest: a spike comes during the pulse or "
        "not at all.",
    ),
    Impossible(
        # The bounds of the others allow a reset above threshold, from which a cell fires on.
        ("integrate_and_fire",),
        "P",
        "At the base v approaches rest, below the threshold, from a reset below the threshold: no spike follows from "
        "another.",
    ),
)


def argument(model: str, letter: str) -> str | None:
    """Why a model cannot show a pattern; None if that is not known."""
    for entry in IMPOSSIBLE:
        if model in entry.models and letter in entry.letters:
            return entry.argument
    return None
