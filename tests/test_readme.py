"""The README's example runs as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

README = Path(__file__).resolve().parent.parent / "README.md"


@pytest.mark.build
def test_the_example_runs():
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    space: dict[str, object] = {}
    exec(code, space)
    times, neurons = space["times"], space["neurons"]
    assert len(times) == len(neurons) > 100
    assert np.all(np.diff(times) >= 0)


def test_what_the_readme_points_to_exists():
    for target in re.findall(r"\]\(([^)#]+)\)", README.read_text()):
        assert target.startswith("http") or (README.parent / target).exists(), target
