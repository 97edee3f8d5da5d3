"""The command line: verbs, exit codes and progress bars, nothing else.

A verb's module is imported when the verb is called, so that `okrbot --help` stays quick.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import click

from okrbot import __version__

DONE, FOUND, USAGE, PARTIAL, UNDELIVERED = 0, 1, 2, 3, 4
INTERNAL = 70

# verb: (module, one line of help). The order is the order of a first week.
VERBS: dict[str, tuple[str, str]] = {
    "demo": ("demo", "Show the whole job on a bundled sample organisation; no token, no network."),
    "init": ("init", "Ask a few questions, try the tokens, write okrbot.toml."),
    "check": ("check", "Say whether the configuration works and what cannot be seen. Changes nothing."),
    "pull": ("pull", "Read new and changed items from the trackers into the store."),
    "audit": ("audit", "Pull, run the rules, say what was found."),
    "digest": ("digest", "Send (or print) the weekly digest of each product."),
    "report": ("report", "Write the audit as one HTML file."),
    "trend": ("trend", "Show the scores as of each past week."),
    "whatif": ("whatif", "Show what merging backlogs would change."),
    "rules": ("rules", "List, show, check, write and try rules."),
    "judge": ("judge", "Judge the wording of key results, objectives or items."),
    "findings": ("findings", "List findings, or show one with its history."),
    "waivers": ("waivers", "Set findings aside, with a reason and an end."),
    "serve": ("serve", "Run the scheduler and the Slack bot."),
    "manifest": ("manifest", "Print the Slack app manifest with least scopes."),
    "deliveries": ("deliveries", "List what was sent, is due, or is in doubt."),
    "writeback": ("writeback", "Write the audit into the tracker, where a team allowed it."),
}


class Verbs(click.Group):
    """The verbs of okrbot, imported one at a time."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click's signature
        return list(VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002 -- click's signature
        if name not in VERBS:
            return None
        command: click.Command = importlib.import_module(f"okrbot.cli.{VERBS[name][0]}").command
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import difflib

            near = difflib.get_close_matches(args[0], VERBS, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else " See okrbot --help."
            raise click.UsageError(f"There is no verb '{args[0]}'.{hint}", ctx) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 -- click's signature
        with formatter.section("Verbs"):
            formatter.write_dl([(name, text) for name, (_, text) in VERBS.items()])


@click.command(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option(
    "--config", "config", type=click.Path(path_type=Path), help="Configuration file (default: okrbot.toml here, then $OKRBOT_CONFIG)."
)
@click.option("--debug", is_flag=True, help="Show tracebacks and debug logs.")
@click.version_option(__version__, prog_name="okrbot")
@click.pass_context
def cli(ctx: click.Context, config: Path | None, debug: bool) -> None:
    """Audit a backlog against its objectives and key results.

    \b
    New here?      okrbot demo
    Own backlog?   okrbot init, then okrbot audit, then okrbot report --output report.html
    """
    ctx.obj = {"config": config, "debug": debug}


def main(argv: list[str] | None = None) -> None:
    """Run okrbot and exit with its code; an error is one to three lines for a person, a traceback only with --debug."""
    arguments = sys.argv[1:] if argv is None else argv
    debug = "--debug" in arguments
    try:
        code: Any = cli.main(args=arguments, prog_name="okrbot", standalone_mode=False)
    except click.exceptions.Abort:
        say("stopped.")
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(USAGE)
    except BrokenPipeError:
        # The reader of our output went away (okrbot … | head): not an error, and no message can reach it.
        sys.stderr.close()
        sys.exit(DONE)
    except Exception as error:  # the one place of this process that reports
        if debug:
            raise
        sys.exit(tell_error(error))
    sys.exit(code if isinstance(code, int) else DONE)


def tell_error(error: Exception) -> int:
    """Print `error` for a person and return the exit code it stands for."""
    from okrbot.config import ConfigError
    from okrbot.model import SourceError
    from okrbot.rulebook import RuleError
    from okrbot.secrets import redact
    from okrbot.store import StoreError

    text = redact(str(error))
    if isinstance(error, ConfigError | RuleError | StoreError):
        say(text)
        return USAGE
    if isinstance(error, SourceError):
        say(text)
        return PARTIAL
    say(f"this should not have happened: {type(error).__name__}: {text}\nRun it again with --debug and report what it prints.")
    return INTERNAL


def say(text: str) -> None:
    """Print a message for a person on standard error."""
    click.echo(f"okrbot: {text}", err=True)
