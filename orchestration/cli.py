"""`touchline`: what a person types. Heavy imports wait until a command needs them."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer
from rich.console import Console

if TYPE_CHECKING:
    from orchestration.runs import RunRecord
    from orchestration.settings import Settings

app = typer.Typer(
    help="A warehouse that shows a sales department how it really sells.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
quarantine = typer.Typer(help="Rows that broke the contract.", no_args_is_help=True)
app.add_typer(quarantine, name="quarantine")

Lang = Literal["en", "ru"]
# Tables in a log or a pipe are not to be folded at 80 characters.
_console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
_errors = Console(stderr=True, highlight=False)


@app.command()
def run(
    source: Annotated[str, typer.Option(help="Connectors, with commas between.")] = "",
    path: Annotated[Path | None, typer.Option(help="The drop folder of `files`.")] = None,
    leads: Annotated[int | None, typer.Option(help="The size of the made-up company.")] = None,
    as_of: Annotated[str, typer.Option(help="The moment that the marts describe (ISO).")] = "",
    full_refresh: Annotated[
        bool, typer.Option("--full-refresh", help="Ask the sources for everything again.")
    ] = False,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Compute everything anew from what has landed.")
    ] = False,
    time_zone: Annotated[str, typer.Option(help="The business's zone, such as Europe/Paris.")] = "",
    var: Annotated[list[str] | None, typer.Option(help="A dbt var: name=value.")] = None,
) -> None:
    """Run the nightly: sources in, a published warehouse and a scorecard out."""
    with _told_errors():
        _set(
            SOURCES=source,
            FILES_PATH=str(path.expanduser().absolute()) if path else "",
            DEMO_LEADS=str(leads) if leads is not None else "",
            AS_OF=as_of,
            FULL_REFRESH="true" if full_refresh else "",
            REBUILD="true" if rebuild else "",
            BUSINESS_TIMEZONE=time_zone,
            DBT_VARS=_with_vars(var or []),
        )
        from orchestration.nightly import run_nightly
        from orchestration.telling import tell_run

        settings = _settings()
        record = run_nightly(settings, _console)
        tell_run(settings, _console, record)
        _end(record)


@app.command()
def status() -> None:
    """The last runs, the published release, failing checks, quarantine."""
    with _told_errors():
        from orchestration.telling import tell_status

        tell_status(_settings(), _console)


@app.command()
def report(
    lang: Annotated[Lang, typer.Option(help="Its language.")] = "en",
    html: Annotated[Path | None, typer.Option(help="Write the page here.")] = None,
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
) -> None:
    """Print the scorecard, and write it as one HTML page."""
    with _told_errors():
        from orchestration.report import print_scorecard, read_published, write_report

        settings = _settings()
        published = read_published(_published(settings))
        target = html or settings.report_file
        print_scorecard(published, _console, lang=lang)
        target.parent.mkdir(parents=True, exist_ok=True)
        write_report(published, target, lang=lang)
        _console.print(f"\nThe page: {target}")
        if open_page:
            import webbrowser

            webbrowser.open(target.absolute().as_uri())


@app.command()
def publish() -> None:
    """Publish the build as it stands, if it is of one night and has passed its checks."""
    with _told_errors():
        from orchestration.nightly import run_nightly
        from orchestration.telling import tell_run

        settings = _settings()
        _need_build(settings)
        record = run_nightly(settings, _console, only='group:"published"')
        tell_run(settings, _console, record)
        _end(record)


@app.command()
def dev(port: Annotated[int, typer.Option(help="Of the web page.")] = 3000) -> None:
    """Start Dagster's web page (on this machine only) and its schedule."""
    with _told_errors():
        from orchestration.home import prepare_home

        settings = _settings()
        prepare_home(settings)
        os.environ["DAGSTER_HOME"] = str(settings.dagster_home)
        command = [sys.executable, "-m", "dagster", "dev", "-m", "orchestration.definitions"]
        _console.print(f"Dagster: http://127.0.0.1:{port} (Ctrl-C ends it)")
        # No login: whoever reaches the page can start runs.
        os.execv(sys.executable, [*command, "-h", "127.0.0.1", "-p", str(port)])  # noqa: S606


@app.command("new-connector")
def new_connector(name: Annotated[str, typer.Argument(help="Such as hubspot.")]) -> None:
    """Lay out the folder of a new connector; its contract test fails until it is filled."""
    with _told_errors():
        from orchestration.connectors.new import lay_out

        folder = lay_out(name)
        _console.print(
            f"{folder}\nFill it as docs/connectors.md says, with tests/sandbox/{name}.py, until "
            "pytest tests/connectors/test_contract.py passes."
        )


@app.command()
def sandbox(
    systems: Annotated[str, typer.Argument(help="Such as hubspot+twilio.")],
    leads: Annotated[int, typer.Option(help="The size of the made-up company.")] = 200,
) -> None:
    """Serve the made-up company through servers that answer like the vendors, until Ctrl-C."""
    with _told_errors():
        from importlib import import_module

        from orchestration.connectors.base import ConnectorError
        from orchestration.settings import PROJECT_DIR

        # The servers are the tests': in a checkout they are there, in a bare package not.
        sys.path.insert(0, str(PROJECT_DIR))
        try:
            served = import_module("tests.sandbox.serve")
        except ModuleNotFoundError:
            raise ConnectorError("the sandbox is in the project's checkout only") from None
        served.serve(systems, leads=leads, tell=lambda text: _console.print(text, soft_wrap=True))


@quarantine.command("list")
def list_quarantine() -> None:
    """Which rows wait there, and which rule each broke; never what is in them."""
    with _told_errors():
        from orchestration.telling import tell_quarantine

        settings = _settings()
        _need_build(settings)
        tell_quarantine(settings, _console)


@quarantine.command("replay")
def replay_quarantine() -> None:
    """Judge the rows in quarantine again, without asking any source."""
    with _told_errors():
        from orchestration.home import hold_run_lock
        from orchestration.telling import replay_all, tell_counts

        settings = _settings()
        _need_build(settings)
        with hold_run_lock(settings):
            tell_counts(_console, replay_all(settings))


def _settings() -> "Settings":
    from orchestration.settings import build_settings

    return build_settings()


def _set(**values: str) -> None:
    """Options are settings of this process; where one is not given, the environment's stays."""
    from orchestration.settings import PREFIX

    os.environ.update({f"{PREFIX}{name}": value for name, value in values.items() if value})


def _end(record: "RunRecord") -> NoReturn:
    if record.outcome == "stopped":
        # A model may still be in work in another thread, which would abort with a core dump.
        sys.stdout.flush()
        os._exit(record.exit_code)
    raise typer.Exit(record.exit_code)


def _with_vars(given: list[str]) -> str:
    """`--var` on top of TOUCHLINE_DBT_VARS; a value is JSON where it can be, else text."""
    import json
    from contextlib import suppress

    if not given:
        return ""
    merged = dict(_settings().extra_dbt_vars)
    for item in given:
        name, sign, value = item.partition("=")
        if not sign:
            raise typer.BadParameter(f"{item!r} is not name=value", param_hint="--var")
        merged[name] = value
        with suppress(ValueError):
            merged[name] = json.loads(value)
    return json.dumps(merged)


def _published(settings: "Settings") -> Path:
    from orchestration.home import HomeError

    if not settings.published_file.exists():
        raise HomeError(f"{settings.published_file}: nothing is published yet; `touchline run` is")
    return settings.published_file


def _need_build(settings: "Settings") -> None:
    from orchestration.home import HomeError

    if not settings.build_file.exists():
        raise HomeError(f"{settings.build_file}: there is no build yet; `touchline run` makes it")


@contextmanager
def _told_errors() -> Iterator[None]:
    """What can be expected to go wrong is told in a line, and ends with 2."""
    import duckdb
    from pydantic import ValidationError

    from orchestration.connectors.base import ConnectorError
    from orchestration.errors import BrokenCheckError, DbtError, PublishError
    from orchestration.home import HomeError
    from orchestration.runs import redact

    try:
        yield
    except ValidationError as error:
        for problem in error.errors():
            name = "_".join(str(part) for part in problem["loc"]).upper()
            _errors.print(f"TOUCHLINE_{name}: {problem['msg']}", style="red", markup=False)
        raise typer.Exit(2) from None
    except duckdb.IOException as error:
        _errors.print(f"the build file can't be opened: {error}", style="red", markup=False)
        raise typer.Exit(2) from None
    except (ConnectorError, HomeError, DbtError, BrokenCheckError, PublishError) as error:
        _errors.print(redact(str(error)), style="red", markup=False)
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        _errors.print("stopped; the published warehouse is as it was", style="red")
        raise typer.Exit(2) from None


if __name__ == "__main__":
    app()
