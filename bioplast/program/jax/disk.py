"""What JAX compiled, kept on disk between processes."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import jax
from jax.experimental.compilation_cache import compilation_cache

from ..build import cache

_lock = threading.RLock()

_config: Any = jax.config  # its type lacks the settings in some versions of JAX

# What JAX's own cache has to be told; it keeps only what took a second to compile otherwise.
SETTINGS = {"jax_persistent_cache_min_compile_time_secs": 0.1, "jax_persistent_cache_min_entry_size_bytes": -1}


@contextlib.contextmanager
def disk_cache() -> Iterator[None]:
    """Keep what JAX compiles within this block in the cache of bioplast, and find it there again.

    A program compiles within such a block by itself when it is called with plain numbers. Put the first call of a
    function of your own that uses `jax.jit` into one. JAX's settings are those of before afterwards; where they name a
    folder already, that one is used.
    """
    if _config.jax_compilation_cache_dir or not _config.jax_enable_compilation_cache:
        yield
        return
    with _lock:
        before = {name: getattr(_config, name) for name in SETTINGS}
        place = cache.compilations()
        known = set(place.glob("*"))
        _tell({**SETTINGS, "jax_compilation_cache_dir": str(place)})
        try:
            yield
        finally:
            _tell({**before, "jax_compilation_cache_dir": None})
            if set(place.glob("*")) - known:
                cache.trim()


def _tell(settings: dict[str, object]) -> None:
    for name, value in settings.items():
        jax.config.update(name, value)
    compilation_cache.reset_cache()
