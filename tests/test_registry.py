"""Models and protocols by name, and from a user's file."""

import pytest

from bioplast import Neuron, Receptor, Synapse, load
from bioplast.definition.find import models
from bioplast.errors import BioplastError, UnknownName
from bioplast.experiment import Protocol
from bioplast.experiment.find import load_protocol, protocols
from bioplast.models import izhikevich_2003, lif

FILE = """
from brian2 import ms
from bioplast import Neuron, Parameter

leak = Neuron("dx/dt = -x/tau : 1", parameters={"tau": Parameter(10*ms)})
other_leak = leak.replace(tau=20*ms)
number = 3
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(FILE)
    return path


def test_every_model_file_is_found():
    found = models()
    assert {"lif", "izhikevich-2003", "izhikevich-2004", "hodgkin-huxley", "ampa", "gaba-a", "pair-stdp"} <= set(found)
    assert {type(definition) for definition in found.values()} == {Neuron, Receptor, Synapse}
    assert all(name == name.lower() and "_" not in name for name in found)
    assert list(found) == sorted(found)


def test_load_by_name_with_hyphens_or_underscores():
    assert load("lif") is lif
    assert load("izhikevich-2003") is izhikevich_2003
    assert load("izhikevich_2003") is izhikevich_2003
    assert load("Izhikevich-2003") is izhikevich_2003


def test_a_model_is_named_after_its_variable():
    assert lif.name == "lif"
    assert izhikevich_2003.name == "izhikevich_2003"


def test_load_from_a_file(file):
    leak = load(f"{file}:leak")
    assert isinstance(leak, Neuron)
    assert leak.name == "leak"
    assert len(leak.group(3)) == 3
    assert load(f"{file}:leak") == leak
    assert load(f"{file}:other_leak") != leak


def test_a_file_may_import_its_neighbours(file):
    (file.parent / "constants_of_mine.py").write_text("from brian2 import ms\ntau = 10*ms\n")
    file.write_text("from constants_of_mine import tau\n" + FILE.replace("10*ms", "tau"))
    assert load(f"{file}:leak").parameters["tau"].unit == "second"


def test_an_unknown_name_has_near_matches():
    with pytest.raises(UnknownName, match=r"unknown model .* 'izhikevich': did you mean .*izhikevich-200"):
        load("izhikevich")


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        (FILE, "leek", "unknown model in .*mine.py 'leek': did you mean 'leak'"),
        (FILE, "number", "mine.py: number is a int, not a Neuron, Receptor or Synapse"),
        (FILE, "", "say which model, as .*mine.py:name; accepted: leak, other_leak"),
        ("x = = 3\n", "leak", "mine.py, line 1: invalid syntax"),
        ("\n\nimport no_such_module_at_all\n", "leak", "mine.py, line 3: ModuleNotFoundError: No module"),
        ("def f():\n    return 1/0\n\nf()\n", "leak", "mine.py, line 2: ZeroDivisionError"),
        ("import sys\nsys.exit(3)\n", "leak", "mine.py, line 2: SystemExit"),
        (FILE.replace("-x/tau", "-x*tau"), "leak", "mine.py, line 5: leak|mine.py, line 5: neuron of x: in 'dx/dt"),
    ],
)
def test_a_file_that_does_not_give_a_model(file, text, name, message):
    file.write_text(text)
    with pytest.raises(BioplastError, match=message) as caught:
        load(f"{file}:{name}" if name else str(file))
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(BioplastError, match=r"gone\.py: there is no such file"):
        load(f"{tmp_path / 'gone.py'}:leak")


def test_protocols_and_their_files(file):
    assert all(isinstance(protocol, Protocol) for protocol in protocols().values())
    with pytest.raises(UnknownName, match="unknown protocol"):
        load_protocol("no-such-protocol")
    with pytest.raises(BioplastError, match="leak is a Neuron, not a Protocol"):
        load_protocol(f"{file}:leak")
