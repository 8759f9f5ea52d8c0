"""Names of objects in generated code that do not depend on what else the process has made."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from brian2.core.functions import DEFAULT_FUNCTIONS

from ...errors import Unsupported

#: What a variable of C++ cannot be called: the keywords up to C++20, and macros of the headers that programs include.
RESERVED = frozenset(
    [
        "alignas",
        "alignof",
        "and",
        "and_eq",
        "asm",
        "auto",
        "bitand",
        "bitor",
        "bool",
        "break",
        "case",
        "catch",
        "char",
        "char16_t",
        "char32_t",
        "char8_t",
        "class",
        "co_await",
        "co_return",
        "co_yield",
        "compl",
        "concept",
        "const",
        "const_cast",
        "consteval",
        "constexpr",
        "constinit",
        "continue",
        "decltype",
        "default",
        "delete",
        "do",
        "double",
        "dynamic_cast",
        "else",
        "enum",
        "explicit",
        "export",
        "extern",
        "false",
        "float",
        "for",
        "friend",
        "goto",
        "if",
        "inline",
        "int",
        "long",
        "mutable",
        "namespace",
        "new",
        "noexcept",
        "not",
        "not_eq",
        "nullptr",
        "operator",
        "or",
        "or_eq",
        "private",
        "protected",
        "public",
        "register",
        "reinterpret_cast",
        "requires",
        "return",
        "short",
        "signed",
        "sizeof",
        "static",
        "static_assert",
        "static_cast",
        "struct",
        "switch",
        "template",
        "this",
        "thread_local",
        "throw",
        "true",
        "try",
        "typedef",
        "typeid",
        "typename",
        "union",
        "unsigned",
        "using",
        "virtual",
        "void",
        "volatile",
        "wchar_t",
        "while",
        "xor",
        "xor_eq",
        "BUFSIZ",
        "CHAR_BIT",
        "CHAR_MAX",
        "CHAR_MIN",
        "CLOCKS_PER_SEC",
        "EDOM",
        "EOF",
        "ERANGE",
        "EXIT_FAILURE",
        "EXIT_SUCCESS",
        "HUGE_VAL",
        "HUGE_VALF",
        "HUGE_VALL",
        "INFINITY",
        "INT_MAX",
        "INT_MIN",
        "LLONG_MAX",
        "LLONG_MIN",
        "LONG_MAX",
        "LONG_MIN",
        "MAXFLOAT",
        "M_1_PI",
        "M_2_PI",
        "M_2_SQRTPI",
        "M_E",
        "M_LN10",
        "M_LN2",
        "M_LOG10E",
        "M_LOG2E",
        "M_PI",
        "M_PI_2",
        "M_PI_4",
        "M_SQRT1_2",
        "M_SQRT2",
        "NAN",
        "NULL",
        "RAND_MAX",
        "SIZE_MAX",
        "UINT_MAX",
        "ULONG_MAX",
        "assert",
        "errno",
        "linux",
        "major",
        "makedev",
        "minor",
        "signals",
        "stderr",
        "stdin",
        "stdout",
        "unix",
    ]
)


class Names:
    """Unique names, and names lent to the objects of a network until a lowering ends."""

    used_names: set[str]
    renamed: list[tuple[Any, str]]

    def __init__(self, *arguments: Any):
        super().__init__(*arguments)
        self.used_names = set()
        self.renamed = []

    def unique(self, name: str) -> str:
        candidate, k = name, 1
        while candidate in self.used_names:
            candidate, k = f"{name}_{k}", k + 1
        self.used_names.add(candidate)
        return candidate

    def rename(self, obj: Any, stem: str | None = None) -> None:
        """Give an object a name that is the same in every process, until the lowering ends."""
        current = getattr(obj, "_name", None)
        if current is None or any(other is obj for other, _ in self.renamed):
            return
        self.renamed.append((obj, current))
        object.__setattr__(obj, "_name", self.unique(_stem(obj) if stem is None else stem))

    def user_name(self, obj: Any) -> str:
        """What the user calls an object, or one that a weak proxy stands for."""
        return next((name for other, name in self.renamed if other._name == obj.name), obj.name)

    def refuse_reserved(self, owner: Any, variables: Iterable[str]) -> None:
        """Refuse variables, constants and the user's functions whose names mean something else in C++."""
        for name in sorted(RESERVED.intersection(variables) - DEFAULT_FUNCTIONS.keys()):
            raise Unsupported(
                f"{self.user_name(owner)!r} has a name {name!r}, which C++ keeps for itself: "
                "call it otherwise, or use target='numpy' or 'jax'"
            )

    def lasting(self, codeobj: Any, text: str) -> str:
        """What Brian2 named after a group when it was made, in the code of `codeobj`, named after its lasting name."""
        names = {name: obj._name for obj, name in self.renamed}
        group = re.compile(f"_({_any_of(names)})(?=_)")
        # Brian2's own names begin with an underscore and no user's does, which may look like theirs: w_E_1_x
        keys = {key: group.sub(lambda found: f"_{names[found[1]]}", key) for key in codeobj.variables if key[0] == "_"}
        keys = {key: lasting for key, lasting in sorted(keys.items()) if key != lasting}
        if not keys:
            return text
        taken = set(codeobj.variables) - keys.keys()
        for key in keys:
            while keys[key] in taken:
                keys[key] += "_"
            taken.add(keys[key])
        return re.sub(rf"\b(_num)?({_any_of(keys)})\b", lambda found: (found[1] or "") + keys[found[2]], text)

    def rename_back(self) -> None:
        for obj, name in reversed(self.renamed):
            object.__setattr__(obj, "_name", name)


def _any_of(names: Iterable[str]) -> str:
    """A pattern that matches the longest of the names."""
    return "|".join(map(re.escape, sorted(names, key=len, reverse=True)))


def _stem(obj: Any) -> str:
    """An automatic name (neurongroup_12) without its number, which counts what else the process has made."""
    kind = type(obj).__name__.lower()
    match = re.fullmatch(rf"_?{kind}(_\d+)?", obj._name)
    return obj._name.removesuffix(match.group(1) or "") if match else re.sub(r"_\d+$", "", obj._name)
