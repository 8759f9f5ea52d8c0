"""Targets numpy and cython: the network run in place by Brian2 itself, and put back."""
