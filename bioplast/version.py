"""The version of bioplast, which setup.cfg takes from here, and those of other packages."""

from __future__ import annotations

__version__ = "0.1.0"


def package_version(name: str) -> str | None:
    """The version of an installed package, None without it; the package is not imported."""
    if name == "bioplast":
        return __version__
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        return None


def package_versions(names: list[str]) -> dict[str, str | None]:
    """The versions of several packages, by name."""
    return {name: package_version(name) for name in names}
