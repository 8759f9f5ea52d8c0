"""The command line: a table on standard output."""

from .table import table

for line in table():
    print(line, flush=True)
