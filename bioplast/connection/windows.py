"""Windows that move over an image: which pixel lies where in which window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import BioplastError

__all__ = ["Windows"]


@dataclass(frozen=True)
class Windows:
    """Windows of one size at regular places on an image with a margin of nothing.

    Attributes
    ----------
    image : tuple of int
        Height and width of the image.
    size, stride, padding : tuple of int
        Of a window, from one to the next, and of the margin on each side; by height and width.
    """

    image: tuple[int, int]
    size: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]

    def __post_init__(self) -> None:
        for axis, name in enumerate(("height", "width")):
            room = self.image[axis] + 2 * self.padding[axis]
            if self.size[axis] > room:
                raise BioplastError(
                    f"size: a window of {name} {self.size[axis]} does not fit into an image of {name} "
                    f"{self.image[axis]} with a padding of {self.padding[axis]}"
                )
            if self.padding[axis] >= self.size[axis]:
                raise BioplastError(
                    f"padding of {self.padding[axis]}: a window of {name} {self.size[axis]} would lie outside of the "
                    f"image; accepted: less than {self.size[axis]}"
                )

    @property
    def shape(self) -> tuple[int, int]:
        """How many windows there are, by height and width."""
        high, wide = (
            (image + 2 * padding - size) // stride + 1
            for image, size, stride, padding in zip(self.image, self.size, self.stride, self.padding, strict=True)
        )
        return high, wide

    def seen(self) -> np.ndarray:
        """How many windows each pixel lies in, int [pixels]."""
        rows, columns = (np.bincount(self._along(axis)[0], minlength=self.image[axis]) for axis in (0, 1))
        return np.outer(rows, columns).reshape(-1)

    def pixels(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Pixel, place in the window and window, each counted row by row, of every pair; sorted by the pixel."""
        rows, columns = self._along(0), self._along(1)
        pixel, place, window = (
            (row[:, None] * width + column).reshape(-1)
            for row, column, width in zip(rows, columns, (self.image[1], self.size[1], self.shape[1]), strict=True)
        )
        order = np.argsort(pixel, kind="stable")
        return pixel[order], place[order], window[order]

    def _along(self, axis: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Pixel, place and window of every pair along one axis."""
        window, place = (index.reshape(-1) for index in np.indices((self.shape[axis], self.size[axis]), dtype=np.int32))
        pixel = window * self.stride[axis] + place - self.padding[axis]
        inside = (pixel >= 0) & (pixel < self.image[axis])
        return pixel[inside], place[inside], window[inside]
