"""Targets cpp and openmp: a C++ program, built once, which reads every number as data."""
