"""What a rendering may reach and what it may cost, and what a missing value is.

Costs are counted, not timed, so the same template and person give the same outcome on every machine.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol, cast

from liquid import RenderContext
from liquid.exceptions import LoopIterationLimitError, OutputStreamLimitError
from liquid.template import BoundTemplate
from liquid.token import Token
from liquid.undefined import UNDEFINED, Undefined
from liquid.utils import ReadOnlyChainMap

from templates.dialect import filters

MAX_OUTPUT = 1_000_000  # characters of one rendered part
MAX_STEPS = 20_000  # nodes rendered inside loops
MAX_FILTERED = 5_000_000  # characters and items that filters read and make


class Missing(Undefined):
    """A merge tag without a value. In a condition it is false; to print it is to ask the version's policy."""

    __slots__ = ("policy",)

    def __init__(self, name: str, policy: Callable[[str], str]) -> None:
        super().__init__(name)
        self.policy = policy

    def __str__(self) -> str:
        return self.policy(self.name)


class Links(Protocol):
    """What the tags of the compiler ask of the message."""

    def slot(self, number: int, *, html: bool) -> str: ...

    def sealed(self, url: str) -> str: ...


class Context(RenderContext):
    """One rendering of one part for one person. There is no `now` in it, and nothing but what was given."""

    __slots__ = ("filtered", "links", "policy", "steps", "weight")

    def __init__(
        self,
        template: BoundTemplate,
        *,
        globals: Mapping[str, object] | None = None,  # noqa: A002 - the library's name
        policy: Callable[[str], str] = str,
        links: Links | None = None,
    ) -> None:
        super().__init__(template, globals=globals)
        self.scope = ReadOnlyChainMap(self.locals, self.globals)
        self.policy = policy
        self.links = links
        self.steps = self.filtered = 0
        self.weight = 1

    def get(self, path: list[object], *, token: Token | None, default: object = UNDEFINED) -> object:
        """The value at this path, or Missing: null, blank and absent are one."""
        root = path[0]
        try:
            value = self.scope[cast(str, root)]
            for key in path[1:]:
                value = self.get_item(value, key)
        except (KeyError, TypeError, IndexError):
            value = None
        if value is None or (value == "" and root not in self.locals):
            return Missing(".".join(str(key) for key in path), self.policy) if default is UNDEFINED else default
        return value

    def filter(self, name: str, token: Token | None) -> Callable[..., object]:
        return partial(filters.apply, self, name, super().filter(name, token))

    def charge(self, size: int) -> None:
        """Count what a filter read or made. Raises OutputStreamLimitError when a template asks for too much."""
        self.filtered += size
        if self.filtered > MAX_FILTERED:
            raise OutputStreamLimitError("filters work on too much text", token=None)

    def raise_for_loop_limit(self, length: int = 1) -> None:
        self.steps += length * self.weight
        if self.steps > MAX_STEPS:
            raise LoopIterationLimitError("loops run too long", token=None)

    def get_buffer(self, buf: object = None) -> Any:
        return Output(buf.left if isinstance(buf, Output) else MAX_OUTPUT)


class Output:
    """What a template writes to: as much of a text file as nodes use, with a limit in characters."""

    __slots__ = ("left", "parts")

    def __init__(self, limit: int = MAX_OUTPUT) -> None:
        self.parts: list[str] = []
        self.left = limit

    def write(self, text: str) -> int:
        size = len(text)
        self.left -= size
        if self.left < 0:
            raise OutputStreamLimitError("the message is too long", token=None)
        self.parts.append(text)
        return size

    def getvalue(self) -> str:
        return "".join(self.parts)
