"""`make bench`: touchline beside hand-written SQL, pandas, Polars and PostgreSQL, on the same files."""

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from tests.benchmarks.companies import Company, make_company
from tests.benchmarks.comparing import compare
from tests.benchmarks.contenders import (
    OTHERS,
    Bench,
    Result,
    check,
    forget,
    missing,
    run_limit,
    run_touchline,
    save,
)
from tests.benchmarks.goals import DAY, EMPTY, FIXED, FULL
from tests.benchmarks.measuring import PROJECT, Measured, run_measured
from tests.benchmarks.overhead import measure_overhead
from tests.benchmarks.reporting import (
    contender_lines,
    goal_lines,
    load_overhead,
    load_results,
    page_lines,
    write_page,
)


def parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    home = Path(os.environ.get("TOUCHLINE_HOME", PROJECT / "warehouse")) / "bench"
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--leads", type=int, nargs="+", default=[100_000],
                        help="sizes, such as 100000 1000000 5000000 (ten touches a lead)")  # fmt: skip
    parser.add_argument("--only", nargs="+", choices=["touchline", *OTHERS, "overhead", "clone"],
                        default=["touchline", *OTHERS, "overhead"])  # fmt: skip
    parser.add_argument("--nights", type=int, default=1, help="whole days after the history")
    parser.add_argument("--home", type=Path, default=home, help=f"default {home}")
    parser.add_argument("--check-nights", action="store_true",
                        help="hold touchline after its nights against a build of all files")  # fmt: skip
    parser.add_argument("--keep", action="store_true", help="leave what the contenders made")
    parser.add_argument("--page", action="store_true", help="write docs/performance.md")
    return parser.parse_args(arguments)


def measure(
    home: Path, leads: int, only: Sequence[str], nights: int, *, check_nights: bool
) -> Iterator[Result]:
    """Every contender on one company, one after the other."""
    company, made = make_company(home, leads, nights + 1)
    if made is not None:
        tell(f"{leads:,} leads made: {made.cpu_seconds:.0f} CPU s, "
             f"peak {made.peak_bytes / 2**20:,.0f} MiB")  # fmt: skip
        if made.code:
            raise SystemExit(made.told)
    bench = Bench(home, company, home / "packages")
    forget(bench)
    history, *days = company.days
    rows = company.show([history])
    results = []
    if "touchline" in only:
        results.append(told(run_touchline(bench, FULL)))
    for name, run in OTHERS.items():
        if name not in only:
            continue
        if why := missing(name, bench.packages, leads):
            tell(f"{name}: {why}")
            continue
        results.append(told(run(bench, rows)))
    check(bench, results)
    yield from results
    if "touchline" in only and not results[0].cost.code:
        yield from _nights(bench, days, nights, check_nights=check_nights)


def _nights(
    bench: Bench, days: Sequence[str], nights: int, *, check_nights: bool
) -> Iterator[Result]:
    for number, day in enumerate(days[:nights]):
        bench.company.show([day])
        yield told(run_touchline(bench, DAY if number == 0 else f"{DAY} ({number + 1})"))
    fixed = days[nights]
    bench.company.show([fixed], bench.company.units_of_about(fixed))
    last = run_touchline(bench, FIXED)
    if check_nights:
        # Nights upon nights, and all the same files at once: the same figures.
        run_limit(bench, 0)
        last.checked = "after all nights, the same rows and columns as all files at once"
        last.differences = [str(found) for found in compare(bench.published, bench.limit)]
    yield told(last)
    yield told(run_touchline(bench, EMPTY))


def told(result: Result) -> Result:
    cost = result.cost
    tell(f"{result.name}: {cost.cpu_seconds:.1f} CPU s, {cost.wall_seconds:.1f} s, "
         f"peak {cost.peak_bytes / 2**20:,.0f} MiB, {result.rows:,} rows"
         + (f", FAILED\n{cost.told}" if cost.code else ""))  # fmt: skip
    return result


def tell(line: str) -> None:
    print(line, flush=True)


def measure_clone() -> Measured:
    """A bare clone until its scorecard, as a newcomer does it; packages come from the cache."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "touchline"
        script = f"git clone -q {PROJECT} {clone} && make -C {clone} run"
        return run_measured(["sh", "-c", script], environment={"TOUCHLINE_HOME": f"{folder}/home"})


def main() -> None:
    arguments = parse_arguments(sys.argv[1:])
    home = arguments.home.expanduser().absolute()
    results_dir = home / "results"
    notes = [why for name in OTHERS if (why := missing(name, home / "packages"))]
    failed = False
    for leads in arguments.leads:
        results = list(
            measure(home, leads, arguments.only, arguments.nights,
                    check_nights=arguments.check_nights)
        )  # fmt: skip
        if {"touchline", "limit"} <= set(arguments.only):
            # Of the others alone there is no ratio.
            save(results, results_dir / f"{leads}.json")
        failed |= any(result.cost.code or result.differences for result in results)
        tell("\n" + "\n".join(contender_lines(results)) + "\n")
        for result in results:
            if result.checked:
                tell(f"{result.name}, {result.checked}: "
                     + ("; ".join(result.differences) or "no difference"))  # fmt: skip
        if not arguments.keep:
            company = Company(leads, home / "companies" / f"{leads}")
            forget(Bench(home, company, home / "packages"))
    if "overhead" in arguments.only:
        overhead = measure_overhead(home / "overhead")
        (results_dir / "overhead.json").write_text(json.dumps(asdict(overhead), indent=1))
        shutil.rmtree(home / "overhead")
    clone_file = results_dir / "clone.json"
    if "clone" in arguments.only:
        clone_file.write_text(json.dumps(asdict(measure_clone())))
    clone = Measured(**json.loads(clone_file.read_text())) if clone_file.exists() else None
    all_results = load_results(results_dir)
    tell("\n".join(goal_lines(all_results, clone)))
    if arguments.page:
        write_page(
            list(
                page_lines(all_results, load_overhead(results_dir / "overhead.json"), clone, notes)
            )
        )
    raise SystemExit(failed)


if __name__ == "__main__":
    main()
