"""Rejects unknown keys and oversized values of a document before a validator sees it.

The remaining document has at most as many keys and items as its schema allows, so validation costs
what the schema costs, no matter how much was sent. Used by sunshine/core/validation.py.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

from sunshine.core.errors import MAX_NAMED

Path = tuple[str | int, ...]


class Fault(NamedTuple):
    """A path, such as `("items", 0, "price")`, and what is wrong there."""

    path: Path
    message: str


@dataclass
class Screened:
    """The remaining document, and what was removed from it.

    The value at each path in `replaced` became null because it was too long or of another type.
    `unknown` are the first MAX_NAMED keys that the schema does not know, `unknowns` is their total.
    """

    document: Any = None
    replaced: dict[Path, str] = field(default_factory=dict)
    unknown: list[Fault] = field(default_factory=list)
    unknowns: int = 0


class Screen:
    """The nested fields of a schema; flat fields cost nothing here."""

    def __init__(self, schema: Mapping[str, Any], *, purge_unknown: bool = False) -> None:
        self._node = _Dict({"schema": schema, "allow_unknown": purge_unknown})

    def of(self, document: dict[str, Any]) -> Screened:
        """Return the document without the rejected parts; the argument is not modified."""
        screened = Screened()
        screened.document = self._node.screen(document, (), screened)
        return screened


class _Node:
    """A nested field; `kind` is its Python type."""

    kind: Any

    def __init__(self, rules: Mapping[str, Any]) -> None:
        self._maximum = rules.get("maxlength")

    def screen(self, value: Any, path: Path, screened: Screened) -> Any:
        """Return the value without the rejected parts; the same object if there are none."""
        if value is None:
            return None
        if not isinstance(value, self.kind):
            # A validator would visit every item only to report the wrong type.
            if not isinstance(value, list | dict):
                return value
            screened.replaced[path] = f"must be of {self.kind.__name__} type"
            return None
        if self._maximum is not None and len(value) > self._maximum:
            screened.replaced[path] = f"max length is {self._maximum}"
            return None
        return self._inside(value, path, screened)

    def _inside(self, value: Any, path: Path, screened: Screened) -> Any:
        raise NotImplementedError


class _Dict(_Node):
    kind = dict

    def __init__(self, rules: Mapping[str, Any]) -> None:
        super().__init__(rules)
        schema = rules["schema"]
        self._known = None if rules.get("allow_unknown") else dict.fromkeys(schema)
        self._within = [(name, node) for name, part in schema.items() if (node := _node(part))]

    def _inside(self, value: dict[str, Any], path: Path, screened: Screened) -> dict[str, Any]:
        if self._known is not None and not value.keys() <= self._known.keys():
            value = self._without_unknown(value, self._known, path, screened)
        for name, node in self._within:
            if name in value:
                left = node.screen(value[name], (*path, name), screened)
                if left is not value[name]:
                    value = value | {name: left}
        return value

    def _without_unknown(
        self, value: dict[str, Any], known: dict[str, None], path: Path, screened: Screened
    ) -> dict[str, Any]:
        left = {name: value[name] for name in known if name in value}
        screened.unknowns += len(value) - len(left)
        strangers = (name for name in value if name not in known)
        named = islice(strangers, MAX_NAMED - len(screened.unknown))
        screened.unknown += [Fault((*path, name), "unknown field") for name in named]
        return left


class _List(_Node):
    kind = list

    def __init__(self, rules: Mapping[str, Any]) -> None:
        super().__init__(rules)
        self._item = _node(rules["schema"])

    def _inside(self, value: list[Any], path: Path, screened: Screened) -> list[Any]:
        item = self._item
        if item is None:
            return value
        left = [item.screen(each, (*path, n), screened) for n, each in enumerate(value)]
        same = all(a is b for a, b in zip(left, value, strict=True))
        return value if same else left


def _node(rules: Mapping[str, Any]) -> _Node | None:
    if "schema" not in rules:
        return None
    return _List(rules) if rules["type"] == "list" else _Dict(rules)


def written(path: Iterable[str | int]) -> str:
    """Return a path as errors name it: `items.0.price`."""
    return ".".join(map(str, path))


def prefixes(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the paths of all containers of the given paths."""
    return (path[:length] for path in paths for length in range(1, len(path)))
