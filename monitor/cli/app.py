"""`monitor …`: what a person types. Every command imports what it needs when it runs, so that `--help` is instant.

Exit codes: 0 fine, 1 something was found wrong, 2 you wrote something wrong.
"""

from __future__ import annotations

import sys

import click

from monitor import __version__
from monitor.cli import backfill, db, deliveries, export, feedlists, feeds, hits, mute, output, rules, run, stored
from monitor.errors import ConfigError, MonitorError


class _Main(click.Group):
    """The root command: turns our errors into words and exit codes."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except ConfigError as error:
            output.faults(error.faults)
            ctx.exit(2)
        except MonitorError as error:
            output.complain(str(error))
            ctx.exit(1)
        except BrokenPipeError:
            # Whoever read us has seen enough (`monitor hits list | head`).
            sys.stdout = None
            ctx.exit(0)


@click.group(cls=_Main, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="monitor")
def main() -> None:
    """Watch Dutch and Belgian news, match your rules, and tell you with the evidence.

    \b
    monitor demo                     see it work: no network, no configuration
    monitor run                      watch the news with ./rules.yaml
    monitor check                    is everything I wrote right?
    monitor match article.txt        what do my rules say of this text?
    """


for command in (feedlists.check, feedlists.discover, feedlists.import_, feedlists.export):
    feeds.feeds.add_command(command)

hits.hits.add_command(export.export)

for command in (stored.lint, stored.diff, stored.report):
    rules.rules.add_command(command)

for command in (
    run.run,
    run.demo,
    run.check,
    run.status,
    rules.match,
    rules.rules,
    feeds.feeds,
    feeds.read,
    hits.hits,
    deliveries.deliveries,
    deliveries.channels,
    mute.mute,
    backfill.backfill,
    db.db,
):
    main.add_command(command)
