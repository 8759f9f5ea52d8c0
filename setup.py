"""Where the packages lie: bioplast/ holds the library, three folders beside it are installed into it. See setup.cfg."""

from setuptools import find_packages, setup

setup(
    packages=[
        *find_packages(include=["bioplast", "bioplast.*"]),
        *(f"bioplast.{name}" for name in find_packages(include=["models*", "protocols*"])),
        "bioplast.data",
    ],
)
