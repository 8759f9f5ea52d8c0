"""XML as plain elements: no document type, no entities of its own, nothing fetched, bounded in size."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.parsers import expat

from ...errors import BioplastError

__all__ = ["MOST_ELEMENTS", "Element", "Reader", "refused"]

#: The most elements of a file and all that it includes; a connection is one.
MOST_ELEMENTS = 2_000_000
_MOST_BYTES = 1 << 29
_DEEPEST = 64
_MOST_ATTRIBUTES = 100
_CHUNK = 1 << 16


@dataclass(slots=True)
class Element:
    """An element without the text inside it.

    Attributes
    ----------
    tag : str
        Without its namespace.
    attributes : mapping of str to str
        Those of no namespace, as all of NeuroML are.
    line : int
        Where it begins in its file.
    children : list of Element
    """

    tag: str
    attributes: Mapping[str, str]
    line: int
    children: list[Element] = field(default_factory=list)


def refused(path: Any, line: int | None, what: str) -> BioplastError:
    """The error that a file is refused with.

    Parameters
    ----------
    path : path
    line : int or None
        None if it is the whole file.
    what : str
        What is wrong, and what is accepted.
    """
    at = "" if line is None else f", line {line}"
    return BioplastError(f"{os.fspath(path)}{at}: {what}")


class Reader:
    """Files read one after the other, which share one allowance of elements."""

    def __init__(self) -> None:
        self.left = MOST_ELEMENTS

    def read(self, path: Path) -> Element:
        """The root element of a file.

        Parameters
        ----------
        path : Path

        Raises
        ------
        BioplastError
            For a file that is missing, no regular file, no XML or damaged, for one with a document type (which is what
            entities are declared in), and for one that is larger than is accepted.
        """
        try:
            with open(path, "rb", opener=_opened) as file:
                size = os.fstat(file.fileno())
                if not stat.S_ISREG(size.st_mode):
                    raise refused(path, None, "is no file; a NeuroML file is accepted")
                if size.st_size > _MOST_BYTES:
                    raise refused(path, None, f"has {size.st_size} bytes; at most {_MOST_BYTES} are accepted")
                return _Parsing(path, self).of(file)
        except OSError as error:
            reason = f"cannot be read ({error.strerror})"
            if isinstance(error, FileNotFoundError):
                reason = "there is no such file"
            elif isinstance(error, IsADirectoryError):
                reason = "is no file; a NeuroML file is accepted"
            raise refused(path, None, reason) from None


def _opened(path: str, flags: int) -> int:
    # a pipe would keep us waiting for someone who writes to it
    return os.open(path, flags | os.O_NONBLOCK)


class _Parsing:
    """The elements of one file."""

    def __init__(self, path: Path, reader: Reader):
        self.path, self.reader = path, reader
        self.root: Element | None = None
        self.open: list[Element] = []
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.StartDoctypeDeclHandler = self.doctype
        self.parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)

    def of(self, file: Any) -> Element:
        try:
            while block := file.read(_CHUNK):
                self.parser.Parse(block, False)
            self.parser.Parse(b"", True)
        except expat.ExpatError as error:
            what = "is no XML, or cut short or damaged"
            raise refused(self.path, error.lineno, f"{what} ({expat.errors.messages[error.code]})") from None
        except (ValueError, LookupError) as error:  # such as an encoding that is not known
            raise refused(self.path, None, f"is no XML, or damaged ({' '.join(str(error).split())})") from None
        assert self.root is not None
        return self.root

    def refuse(self, what: str) -> BioplastError:
        return refused(self.path, self.parser.CurrentLineNumber, what)

    def doctype(self, *declared: Any) -> None:
        raise self.refuse("it declares a document type (DOCTYPE), which no NeuroML file needs")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.reader.left -= 1
        if self.reader.left < 0:
            raise self.refuse(f"more than {MOST_ELEMENTS} elements; at most so many are accepted")
        if len(self.open) >= _DEEPEST:
            raise self.refuse(f"elements lie inside one another more than {_DEEPEST} deep")
        if len(attributes) > _MOST_ATTRIBUTES:
            raise self.refuse(f"an element has more than {_MOST_ATTRIBUTES} attributes")
        plain = {key: value for key, value in attributes.items() if " " not in key}  # others are not NeuroML's
        element = Element(name.rpartition(" ")[2], plain, self.parser.CurrentLineNumber)
        if self.open:
            self.open[-1].children.append(element)
        else:
            self.root = element
        self.open.append(element)

    def end(self, name: str) -> None:
        self.open.pop()
