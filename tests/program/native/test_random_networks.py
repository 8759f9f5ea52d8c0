"""Networks that hypothesis puts together, on target native against Brian2's NumPy target, or refused.

``BIOPLAST_RANDOM_NETWORKS`` is how many are tried: a few in each run of the tests, since each is compiled, and always
the same; a larger number starts a search of its own. Those that the ledger reports are always the same too.
"""

from __future__ import annotations

import pytest
from support.compared_networks import put_many_on_record, try_some

pytestmark = pytest.mark.build


def test_a_random_network_is_that_of_brian2_or_refused():
    try_some("native")


@pytest.mark.long
def test_many_random_networks_are_those_of_brian2_or_refused(ledger):
    put_many_on_record(ledger, "native")
