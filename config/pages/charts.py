"""Charts as data: drawn in the browser (config/front/charts), and an accessible table beside each."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django_stubs_ext import StrOrPromise

Value = float | None


@dataclass(frozen=True)
class Series:
    """Values by label; `low` and `high` are the interval of each where there is uncertainty."""

    name: StrOrPromise
    values: Sequence[Value]
    low: Sequence[Value] | None = None
    high: Sequence[Value] | None = None

    def spec(self) -> dict[str, Any]:
        interval = {"low": list(self.low), "high": list(self.high)} if self.low and self.high else {}
        return {"name": str(self.name), "values": list(self.values), **interval}


@dataclass(frozen=True)
class Chart:
    """Lines or bars (`kind`: "line", "bar") over labels. `x`, `y` name the axes."""

    title: StrOrPromise
    labels: Sequence[str]
    series: Sequence[Series]
    kind: str = "line"
    x: StrOrPromise = ""
    y: StrOrPromise = ""
    stacked: bool = False
    from_zero: bool = True

    def spec(self) -> dict[str, Any]:
        """What the browser draws from."""
        return {
            "kind": self.kind, "labels": list(self.labels), "series": [one.spec() for one in self.series],
            "x": str(self.x), "y": str(self.y), "stacked": self.stacked, "from_zero": self.from_zero,
        }  # fmt: skip

    def head(self) -> list[str]:
        return [str(self.x), *(str(one.name) for one in self.series)]

    def rows(self) -> list[tuple[str, list[Value]]]:
        return [(label, [one.values[at] for one in self.series]) for at, label in enumerate(self.labels)]


@dataclass(frozen=True)
class Step:
    """One bar of a waterfall: a total that stands on the ground, or what is added (or, negative, taken away)."""

    label: StrOrPromise
    value: int
    total: bool = False


@dataclass(frozen=True)
class Waterfall:
    """From all to those who remain: who was held back, step by step. It must close: each total is what remained."""

    title: StrOrPromise
    steps: Sequence[Step]
    unit: StrOrPromise = ""
    kind: str = field(default="waterfall", init=False)

    def spec(self) -> dict[str, Any]:
        steps = [{"label": str(one.label), "value": one.value, "total": one.total} for one in self.steps]
        return {"kind": self.kind, "steps": steps, "labels": []}

    def head(self) -> list[str]:
        return ["", str(self.unit)]

    def rows(self) -> list[tuple[str, list[Value]]]:
        return [(str(one.label), [one.value]) for one in self.steps]


@dataclass(frozen=True)
class Heatmap:
    """Values by two labels: `values[row][column]`."""

    title: StrOrPromise
    labels: Sequence[str]
    row_labels: Sequence[str]
    values: Sequence[Sequence[Value]]
    kind: str = field(default="heatmap", init=False)

    def spec(self) -> dict[str, Any]:
        cells = [[column, row, value] for row, line in enumerate(self.values) for column, value in enumerate(line)]
        return {"kind": self.kind, "labels": list(self.labels), "rows": list(self.row_labels), "cells": cells}

    def head(self) -> list[str]:
        return ["", *self.labels]

    def rows(self) -> list[tuple[str, list[Value]]]:
        return [(label, list(line)) for label, line in zip(self.row_labels, self.values, strict=True)]
