"""What a package defines, read from its text, against what importing all of it gives."""

import importlib
import pkgutil
import subprocess
import sys

import pytest

from bioplast import Neuron, registry
from bioplast.definition import Definition
from bioplast.definition.find import models
from bioplast.errors import UnknownName
from bioplast.experiment import Protocol
from bioplast.experiment.find import protocols
from bioplast.survey import Wanted, outline, survey


def everything(package, kind):
    """All of a kind that the modules of a package hold under a public name, from the imported modules."""
    found = {}
    for file in pkgutil.iter_modules(importlib.import_module(package).__path__):
        module = importlib.import_module(f"{package}.{file.name}")
        found |= {k: v for k, v in vars(module).items() if isinstance(v, kind) and not k.startswith("_")}
    return found


@pytest.mark.parametrize(
    ("shelf", "package", "kind", "fields", "least"),
    [
        (models(), "bioplast.models", Definition, ["meaning"], 58),
        (protocols(), "bioplast.protocols", Protocol, ["title", "presets"], 4),
    ],
)
def test_the_text_says_what_importing_everything_gives(shelf, package, kind, fields, least):
    expected = everything(package, kind)
    assert len(expected) >= least
    assert list(shelf) == sorted(name.replace("_", "-").lower() for name in expected)
    for variable, value in expected.items():
        entry = shelf.entries[registry.key(variable)]
        assert (entry.variable, entry.kind) == (variable, type(value).__name__)
        assert entry.says == {field: outline(getattr(value, field)) for field in fields}
        assert shelf[registry.key(variable)] is value


def test_no_model_and_no_protocol_has_to_be_imported_to_be_listed():
    script = (
        "import sys; from bioplast.definition.find import models; from bioplast.experiment.find import protocols;"
        "models().entries, protocols().entries;"
        "print([name for name in sys.modules if name.startswith(('bioplast.models.', 'bioplast.protocols.'))])"
    )
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout == "[]\n"


MADE = "from bioplast import Neuron, Receptor\n"
FILES = {
    "plain": MADE + 'leak = Neuron("dv/dt = -v/(10*ms) : 1", meaning="a " "leak")\n',
    "typed": MADE + 'typed: Neuron = Neuron("dv/dt = -v/ms : 1")\n_hidden = Neuron("dv/dt = -v/ms : 1")\n',
    "copies": "from .plain import leak\nfast = leak.replace(method='exact')\n"
    "faster = fast.replace(meaning='faster', method='euler')\n",
    "absolute": "from zoo_of_mine.plain import leak as slow\nslower = slow.replace(meaning='slower')\n",
    "renamed": "from bioplast import Neuron as Cell\ncell = Cell('dv/dt = -v/ms : 1', meaning='cell')\n",
    "constants": "import functools\nfrom bioplast import load\nLIF = load('lif')\nA, B = 1, 2\nnumber = 3\n"
    "@functools.cache\ndef f():\n    return 3\n",
    # What only an import can tell.
    "sums": MADE + "from zoo_of_mine.plain import leak as basis\ncurrent = Receptor('I : 1', meaning='current')\n"
    "both = basis + current\n",
    "loop": MADE + "for tau in (1, 2):\n    globals()[f'leak_{tau}'] = Neuron(f'dv/dt = -v/({tau}*ms) : 1')\n",
    "words": MADE + "words = {'meaning': 'told'}\ntold = Neuron('dv/dt = -v/ms : 1', **words)\n"
    "name = 'x'\nformed = Neuron('dv/dt = -v/ms : 1', meaning=f'{name}')\n",
    "chosen": "from zoo_of_mine.plain import leak\nimport sys\n"
    "if sys.version_info > (3,):\n    chosen = leak.replace()\n",
    "function": "from zoo_of_mine.plain import leak\ndef made():\n    return leak\nthird = made()\n",
    "star": "from zoo_of_mine.plain import *\nfourth = leak\n",
}
NAMES = {
    "leak": ("Neuron", "a leak"),
    "typed": ("Neuron", ""),
    "fast": ("Neuron", "a leak"),
    "faster": ("Neuron", "faster"),
    "slower": ("Neuron", "slower"),
    "cell": ("Neuron", "cell"),
    "current": ("Receptor", "current"),
    "both": ("Neuron", "a leak + current"),
    "leak_1": ("Neuron", ""),
    "leak_2": ("Neuron", ""),
    "told": ("Neuron", "told"),
    "formed": ("Neuron", "x"),
    "chosen": ("Neuron", "a leak"),
    "third": ("Neuron", "a leak"),
    "fourth": ("Neuron", "a leak"),
}


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of a user's own, with every way of defining a model that we thought of."""
    folder = tmp_path / "zoo_of_mine"
    folder.mkdir()
    (folder / "__init__.py").touch()
    for name, text in FILES.items():
        (folder / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    for name in [name for name in sys.modules if name.split(".")[0] == "zoo_of_mine"]:
        del sys.modules[name]


def test_what_the_text_does_not_say_is_imported(package):
    found = survey("zoo_of_mine", models().wanted)
    assert {name: (entry.kind, entry.says["meaning"]) for name, entry in found.items()} == NAMES
    imported = {name.partition(".")[2] for name in sys.modules if name.startswith("zoo_of_mine.")}
    assert imported == {"plain", "sums", "loop", "words", "chosen", "function", "star"}  # plain by the others


def test_one_module_is_imported_when_a_name_is_taken(package):
    for name in ("sums", "loop", "words", "chosen", "function", "star"):
        (package / f"{name}.py").unlink()
    shelf = registry.Shelf("zoo_of_mine", models().wanted)
    assert "faster" in shelf
    assert "leek" not in shelf
    assert len(shelf) == 6
    assert isinstance(shelf["cell"], Neuron)
    assert shelf["cell"].name == "cell"
    assert {name for name in sys.modules if name.startswith("zoo_of_mine.")} == {"zoo_of_mine.renamed"}
    with pytest.raises(KeyError):
        shelf["leek"]
    with pytest.raises(UnknownName, match="'leek': did you mean 'leak'"):
        registry.load("leek", Definition, "model", "a Neuron", lambda: shelf)


def test_a_file_with_a_mistake_says_so(package):
    (package / "broken.py").write_text("x = = 3\n")
    with pytest.raises(SyntaxError):
        survey("zoo_of_mine", models().wanted)


def test_a_field_that_has_to_be_given_is_never_guessed(package):
    wanted = Wanted("bioplast.definition:Neuron", ("Neuron",), {"meaning": ..., "parameters": ...})
    assert survey("zoo_of_mine", wanted)["typed"].says == {"meaning": "", "parameters": ()}
    assert "zoo_of_mine.typed" in sys.modules


@pytest.mark.parametrize(
    "script",
    [
        "from bioplast.models.lif import lif as first; from bioplast.models import lif; assert lif is first",
        "import bioplast.models.lif; from bioplast.models import lif; assert lif.kind == 'neuron'",
        "from bioplast.models import lif; import bioplast.models.lif; from bioplast.models import lif as again;"
        "assert again is lif",
        "from bioplast.models.ampa import ampa_synapse; assert ampa_synapse.name == 'ampa_synapse'",
        "from bioplast import models; assert models.ampa.name == 'ampa'; assert 'gaba_b_synapse' in dir(models)",
        "from bioplast.models import *; assert (lif.name, pair_stdp.kind) == ('lif', 'synapse')",
        "from bioplast.models import izhikevich_2003; import sys; assert 'bioplast.models.lif' not in sys.modules",
        "from bioplast import models; assert not hasattr(models, 'izhikevich-2003') and not hasattr(models, 'LIF')",
    ],
)
def test_a_model_is_what_the_package_calls_so_whatever_was_imported_first(script):
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
