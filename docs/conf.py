"""How the documentation is built (`make docs`); `doc_pages` first writes what is made from the code."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from sphinx.application import Sphinx

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from doc_pages import api, command_line, extras, notebooks, targets, zoo  # noqa: E402

from bioplast.version import __version__  # noqa: E402

# What libraries say to each other about deprecated calls says nothing about the pages.
logging.getLogger("py.warnings").setLevel(logging.ERROR)

project = "bioplast"
author = "the authors of bioplast"
version = release = __version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_design",
]
exclude_patterns = ["_build", "_generated", "**.ipynb_checkpoints"]

# Pages that others add under "How to" are found by a glob, which may find none.
suppress_warnings = ["toc.empty_glob"]

html_theme = "furo"
html_title = "bioplast"
html_static_path = ["_static"]
html_css_files = ["bioplast.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False

myst_enable_extensions = ["colon_fence", "dollarmath", "amsmath", "deflist"]
myst_heading_anchors = 3
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

# Pages with code cells are run while the documentation is built. Notebooks are shown with the outputs that they carry,
# and run if they carry none.
nb_execution_mode = "auto"
nb_execution_in_temp = True
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_execution_show_tb = True
nb_output_stderr = "remove"

# `name` in a docstring is a link if there is such an object, else it is set as code.
default_role = "py:obj"
autodoc_typehints = "none"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_class_signature = "mixed"
napoleon_google_docstring = False
# Names and types as text: as fields their words would link to any attribute that is called so.
napoleon_use_param = False
napoleon_custom_sections = [("Attributes", "params_style")]
napoleon_use_rtype = False
napoleon_preprocess_types = False


def write_pages(app: Sphinx) -> None:
    """Write what is made from the code, the data and the notebooks."""
    generated = HERE / "_generated"
    api.write(HERE / "api")
    command_line.write(generated)
    extras.write(generated)
    targets.write(generated)
    notebooks.write(HERE / "notebooks")
    zoo.write(HERE / "zoo")


def setup(app: Sphinx) -> None:
    app.connect("builder-inited", write_pages)
    app.connect("env-check-consistency", api.refuse_missing)
