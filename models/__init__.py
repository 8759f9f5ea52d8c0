"""Neurons, receptors and synapses, one file per model and nothing but definitions in it.

A file that is put here is found; nothing else needs to know of it.

>>> from bioplast.models import ampa, lif
>>> (lif + ampa).group(100)  # doctest: +SKIP
"""

import importlib
import pkgutil

from bioplast.definition import Definition

for _file in pkgutil.iter_modules(__path__):
    for _name, _value in vars(importlib.import_module(f"{__name__}.{_file.name}")).items():
        if isinstance(_value, Definition) and not _name.startswith("_"):
            _value.__set_name__(None, _name)
            globals()[_name] = _value
