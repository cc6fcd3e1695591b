"""``bench``: the frame of all benchmarks. Figures come from their modules; this one names, judges and prints them."""

from __future__ import annotations

import importlib
import importlib.util
import os
import platform
import sys
from argparse import Namespace
from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import Protocol, cast

import msgspec

from app.cli.columns import Column, table
from app.cli.context import Context
from app.cli.exits import CommandError, Exit
from app.cli.output import Span
from app.cli.parser import hint
from app.cli.results import Bench, Figure, Machine, Measured
from app.version import VERSION

#: Benchmarks of the installed program. A checkout adds every ``tests/bench/NAME.py``.
INSTALLED: Mapping[str, str] = {
    "spine": "app.bench.spine",
    "status": "app.bench.status",
    "terminal": "app.bench.terminal",
}

_CHECKOUT = Path(__file__).resolve().parents[2] / "tests" / "bench"


class Benchmark(Protocol):
    """A benchmark module: its docstring's first line is its summary.

    It may have ``quick`` beside ``figures``, and ``parts(is_quick=…)``: what can be measured alone, by name. One that
    measures files has ``report(Order) -> Measured`` instead, and ``lines(Measured)`` for what people see besides.
    """

    def figures(self) -> Iterable[Figure]:
        """Measure. Figures with a target may come with ``ok`` unset: the frame judges."""


class Order(msgspec.Struct, frozen=True):
    """What a benchmark of files is asked: ``corpus`` is where they lie, ``only`` which parts of them, if not all.

    ``kinds`` are the folders of the kinds of agents there are.
    """

    machine: Machine
    corpus: Path | None
    only: tuple[str, ...] | None
    kinds: tuple[Path, ...]


class Named(msgspec.Struct, frozen=True):
    """A benchmark that can be run."""

    name: str
    summary: str
    load: Callable[[], ModuleType]


def bench(context: Context, args: Namespace) -> int:
    """Measure."""
    known = {named.name: named for named in benchmarks()}
    if args.list:
        return _list(context, known)
    if args.name is None:
        raise CommandError(f"name one of {', '.join(known)}, or give --list", Exit.USAGE)
    if args.name not in known:
        raise CommandError(
            f"no benchmark {args.name!r}{hint(args.name, known)}; see quarterdeck bench --list", Exit.USAGE
        )
    module = known[args.name].load()
    if args.quick and not hasattr(module, "quick"):
        raise CommandError(f"{args.name} has no smaller run: leave --quick out", Exit.USAGE)
    where = machine()  # before: measuring is load of its own
    result = _reported(module, where, context, args) if hasattr(module, "report") else None
    if result is None and args.corpus is not None:
        raise CommandError(f"{args.name} measures no corpus: leave --corpus out", Exit.USAGE)
    measured = Measured(where, tuple(_measured(module, args))) if result is None else result
    measured = msgspec.structs.replace(measured, figures=tuple(judged(figure) for figure in measured.figures))
    figures = measured.figures
    if context.output.is_json:
        context.output.json(measured)
    else:
        _print(context, where, figures)
        for line in module.lines(measured) if result is not None else ():
            context.output.line(*line)
    missed = [figure.name for figure in figures if figure.ok is False]
    if missed:
        raise CommandError(f"missed the target: {', '.join(missed)}")
    return Exit.DONE


def _reported(module: ModuleType, where: Machine, context: Context, args: Namespace) -> Measured:
    only = None if args.only is None else tuple(name.strip() for name in args.only.split(","))
    corpus = None if args.corpus is None else Path(args.corpus)
    return cast("Measured", module.report(Order(where, corpus, only, context.home.places.kinds)))


def _measured(module: ModuleType, args: Namespace) -> Iterable[Figure]:
    if args.only is None:
        return module.quick() if args.quick else cast("Benchmark", module).figures()
    if not hasattr(module, "parts"):
        raise CommandError(f"{args.name} has no parts: leave --only out", Exit.USAGE)
    parts: Mapping[str, Callable[[], Iterable[Figure]]] = module.parts(is_quick=args.quick)
    wanted = [name.strip() for name in args.only.split(",")]
    for name in wanted:
        if name not in parts:
            raise CommandError(
                f"{args.name} has no part {name!r}{hint(name, parts)}; it has {', '.join(parts)}", Exit.USAGE
            )
    return chain.from_iterable(parts[name]() for name in wanted)


def benchmarks(checkout: Path = _CHECKOUT) -> Iterable[Named]:
    """Yield the benchmarks there are, without loading them."""
    for name, module in INSTALLED.items():
        spec = importlib.util.find_spec(module)
        source = Path(spec.origin) if spec and spec.origin else Path()
        yield Named(name, _summary(source), lambda module=module: importlib.import_module(module))  # type: ignore[misc]
    for path in sorted(checkout.glob("[a-z]*.py")):
        if not path.stem.startswith(("test_", "conftest")) and path.stem not in INSTALLED:
            yield Named(path.stem, _summary(path), lambda path=path: _load_file(path))  # type: ignore[misc]


def _summary(source: Path) -> str:
    """Return the first sentence of a module's docstring, read without running it."""
    first = source.read_text(encoding="utf-8").partition("\n")[0] if source.is_file() else ""
    return first.strip('"').strip()


def _load_file(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"quarterdeck_bench_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise CommandError(f"{path} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses and msgspec look their module up
    spec.loader.exec_module(module)
    return module


def _list(context: Context, known: Mapping[str, Named]) -> int:
    benches = [Bench(named.name, named.summary) for named in known.values()]
    if context.output.is_json:
        context.output.json(benches)
    else:
        for named in benches:
            context.output.line((f"{named.name:12}", "strong"), named.summary)
    return Exit.DONE


def judged(figure: Figure) -> Figure:
    """Return the figure with ``ok`` (value at most the target) and ``ratio`` filled in where they can be."""
    ok = figure.ok if figure.ok is not None or figure.target is None else figure.value <= figure.target
    ratio = figure.ratio
    if ratio is None and figure.baseline:
        ratio = figure.value / figure.baseline
    return msgspec.structs.replace(figure, ok=ok, ratio=ratio)


def machine() -> Machine:
    """Return where we are."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Machine(
        system=f"{platform.system()} {platform.release()}",
        cpu=_cpu(),
        cores=os.cpu_count() or 1,
        memory_mb=memory // 1_000_000,
        python=platform.python_version(),
        version=VERSION,
        load=round(os.getloadavg()[0], 2),
    )


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _print(context: Context, where: Machine, figures: tuple[Figure, ...]) -> None:
    cores = f"{where.cores} cores" if where.cores > 1 else "1 core"
    facts = (where.cpu, cores, f"{where.memory_mb} MB", where.system, f"Python {where.python}", f"load {where.load:g}")
    context.output.line((", ".join(facts), "muted"))
    columns = (
        Column("mark"),
        Column("name", least=16),
        Column("value", is_right=True),
        Column("unit"),
        Column("target", drop=1),
        Column("baseline", drop=2),
        Column("detail", least=12, drop=3),
    )
    for line in table(columns, [_cells(figure) for figure in figures], context.output.width):
        context.output.line(*line)


def _cells(figure: Figure) -> list[Span]:
    mark = {True: ("✓", "success"), False: ("✕", "danger"), None: ("·", "muted")}[figure.ok]
    target = "" if figure.target is None else f"target {figure.target:g}"
    ratio = "" if figure.ratio is None else f" (×{figure.ratio:.2f})"
    baseline = "" if figure.baseline is None else f"baseline {figure.baseline:g}{ratio}"
    return [
        mark,
        (figure.name, "strong"),
        (f"{figure.value:g}", ""),
        (figure.unit, "muted"),
        (target, "muted"),
        (baseline, "muted"),
        (figure.detail, "muted"),
    ]
