"""What carries out the steps of a network: a method for each operation, so that a new lowering knows what it owes."""

from __future__ import annotations

import abc
from typing import Any

from ...errors import Unsupported
from . import steps


class Follower(abc.ABC):
    """Carries out operations; what a method returns is the follower's own affair.

    A construct that a follower cannot express it refuses with `Unsupported`, to which `carry_out` adds the name of the
    operation.
    """

    def carry_out(self, operation: steps.Operation) -> Any:
        """Carry out one operation by the method for its kind.

        Raises
        ------
        Unsupported
            For what the follower cannot express, by the name of the operation.
        """
        try:
            match operation:
                case steps.Update():
                    return self.update(operation)
                case steps.Threshold():
                    return self.threshold(operation)
                case steps.Reset():
                    return self.reset(operation)
                case steps.Generator():
                    return self.generator(operation)
                case steps.Pathway():
                    return self.pathway(operation)
                case steps.DeclaredPathway():
                    return self.declared_pathway(operation)
                case steps.Sum():
                    return self.sum(operation)
                case steps.EventRecord():
                    return self.event_record(operation)
                case steps.EventCount():
                    return self.event_count(operation)
                case steps.StateRecord():
                    return self.state_record(operation)
                case steps.RateRecord():
                    return self.rate_record(operation)
            raise Unsupported(f"a {type(operation).__name__} is no operation that is known")
        except Unsupported as error:
            raise Unsupported(f"{operation.name!r}: {error}") from None

    @abc.abstractmethod
    def update(self, operation: steps.Update) -> Any:
        """Statements for every element."""

    @abc.abstractmethod
    def threshold(self, operation: steps.Threshold) -> Any:
        """Events of the neurons whose condition is true, or events that are given instead."""

    @abc.abstractmethod
    def reset(self, operation: steps.Reset) -> Any:
        """Statements for the neurons that have an event."""

    @abc.abstractmethod
    def generator(self, operation: steps.Generator) -> Any:
        """Events that are given beforehand."""

    @abc.abstractmethod
    def pathway(self, operation: steps.Pathway) -> Any:
        """Statements for the synapses that an event reaches, after their delays."""

    @abc.abstractmethod
    def declared_pathway(self, operation: steps.DeclaredPathway) -> Any:
        """Statements for the synapses of a declared connection that an event reaches."""

    @abc.abstractmethod
    def sum(self, operation: steps.Sum) -> Any:
        """A summed variable."""

    @abc.abstractmethod
    def event_record(self, operation: steps.EventRecord) -> Any:
        """What a monitor of events records."""

    @abc.abstractmethod
    def event_count(self, operation: steps.EventCount) -> Any:
        """What a monitor that only counts events adds to its count."""

    @abc.abstractmethod
    def state_record(self, operation: steps.StateRecord) -> Any:
        """What a monitor of variables records."""

    @abc.abstractmethod
    def rate_record(self, operation: steps.RateRecord) -> Any:
        """What a monitor of a rate records."""
