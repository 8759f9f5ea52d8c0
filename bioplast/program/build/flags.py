"""How compilers are called: for the same arithmetic on every target, or as Brian2 calls them."""

from __future__ import annotations

from brian2.core.preferences import prefs

# Equations with many parameters are turned into vector instructions, too: by default gcc gives up where more than ten
# pairs of arrays would have to be compared before a loop.
_VECTORS = "--param=vect-max-version-for-alias-checks=1000"
# The same arithmetic as NumPy's, operation for operation: nothing is regrouped, approximated or contracted.
_FAITHFUL = (
    *("-w", "-O3", "-march=native", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math", "-std=c++11"),
    _VECTORS,
)
# glibc declares its exponentials of whole vectors for -ffast-math as a whole only, which Brian2's flags are not, since
# they leave infinities alone.
_FAST = ("-D__FAST_MATH__", _VECTORS)


def compiler_flags(fast_math: bool) -> list[str]:
    """The flags for gcc and clang.

    Parameters
    ----------
    fast_math : bool
        Take Brian2's own flags, with -ffast-math, and exponentials of whole vectors: faster where equations have
        many of them, but sums are regrouped, and a sensitive model drifts from the other targets. Flags that the user
        has set in Brian2's preferences win.
    """
    if prefs["codegen.cpp.extra_compile_args"] is not None:
        return list(prefs["codegen.cpp.extra_compile_args"])
    chosen = list(prefs["codegen.cpp.extra_compile_args_gcc"])
    brian2s_own = list(prefs.pref_register["codegen.cpp"][0]["extra_compile_args_gcc"].default)
    if chosen != brian2s_own:
        return chosen
    return [*chosen, *_FAST] if fast_math else list(_FAITHFUL)
