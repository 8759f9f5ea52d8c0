"""The files in `files/` made again by the tools themselves, in pinned versions: what is kept is what they write.

They are installed beside the environment of the tests, without what they ask for: some of it cannot be had together.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import nir
import numpy as np
import pytest
from support.beside import environment

FILES = Path(__file__).resolve().parent / "files"
ROOT = FILES.parent.parent.parent
NEUROML = "PyLEMS==0.6.9 pyNeuroML==1.3.22 libNeuroML==0.6.7 lxml networkx natsort"
NIR = (
    "snntorch==1.0.0 norse==1.1.0 spikingjelly==2.0.0 sinabs==3.1.3 torch==2.13.0 torchvision==0.28.0 nirtorch==2.0.5 "
    "pbr loguru samna"
)


def made(script: str, needs: str, place: Path) -> Path:
    """The folder in which the script has written what it writes, with packages that only it has."""
    python = environment(place, needs)
    (folder := place / "made").mkdir()
    variables = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [python, "-m", f"benchmarks.{script}", folder], cwd=ROOT, env=variables, capture_output=True, text=True
    )
    print(done.stderr)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def arrays(path: Path) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def parts(path: Path) -> list[tuple[str, dict[str, str]]]:
    return [(e.tag, e.attrib) for e in ElementTree.parse(path).iter() if not e.tag.endswith("notes")]


@pytest.mark.long
def test_neuroml_and_its_simulators(tmp_path):
    folder = made("neuroml_files", NEUROML, tmp_path)
    for path in sorted((FILES / "neuroml").glob("*.nml")):
        assert parts(folder / path.name) == parts(path), path.name
    kept, found = arrays(FILES / "neuroml" / "traces.npz"), arrays(folder / "traces.npz")
    with_java = shutil.which("java") is not None
    assert set(found) == {name for name in kept if with_java or name.split()[1] == "pylems"}
    assert len(found) > 20
    for name, values in found.items():
        assert np.allclose(values, kept[name], rtol=1e-9, atol=1e-12 * np.abs(kept[name]).max()), name


@pytest.mark.long
@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="PyTorch is large: once is enough, with Python 3.11")
def test_nir_files(tmp_path):
    folder = made("nir_files", NIR, tmp_path)
    kept, found = arrays(FILES / "spikes.npz"), arrays(folder / "spikes.npz")
    assert set(kept) == set(found) == {"input", "norse", "snntorch", "spikingjelly", "sinabs"}
    for name, spikes in found.items():
        assert np.array_equal(spikes, kept[name]), name
    for tool in set(kept) - {"input"}:
        old, new = (nir.read(place / f"{tool}.nir", type_check=False) for place in (FILES, folder))
        assert sorted(old.edges) == sorted(new.edges)
        assert set(old.nodes) == set(new.nodes)
        for name, node in old.nodes.items():
            other = new.nodes[name]
            assert type(node) is type(other)
            for field, value in vars(node).items():
                if isinstance(value, np.ndarray):
                    assert np.allclose(value, getattr(other, field), rtol=1e-6), (tool, name, field)
