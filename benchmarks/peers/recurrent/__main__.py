"""The command line: a table on standard output, for the task or for one of other sizes.

python -m benchmarks.peers.recurrent [--rounds 3] [--task INPUTS HIDDEN OUTPUTS STEPS BATCH] [--libraries NAME ...]
"""

from __future__ import annotations

import argparse

from .table import table
from .task import Recurrent
from .worker import CONTESTANTS

parser = argparse.ArgumentParser(
    prog="python -m benchmarks.peers.recurrent", formatter_class=argparse.RawDescriptionHelpFormatter
)
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--task", type=int, nargs=5, metavar=("INPUTS", "HIDDEN", "OUTPUTS", "STEPS", "BATCH"))
parser.add_argument("--libraries", nargs="+", choices=list(CONTESTANTS), default=list(CONTESTANTS), metavar="NAME")
options = parser.parse_args()
for line in table(Recurrent(*options.task or ()), options.libraries, options.rounds):
    print(line, flush=True)
