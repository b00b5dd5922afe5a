"""`ioa hub backup`, `restore` and `check`: the data of a hub, kept whole."""

from __future__ import annotations

from pathlib import Path

import click

from ioa.cli.options import json_option, print_json

_BACKUP = """Copy everything a hub keeps to TARGET, also while it runs: a new folder, or a file that ends in .tar.gz.

It is one moment of the log, the files that it refers to, and the token, with a digest of each. It holds secrets and
everything that was said: keep it as safe as the hub itself. A hub on PostgreSQL: see docs/operate.md.

\b
Examples:
  ioa hub backup /backups/ioa-monday.tar.gz
  ioa hub backup /backups/ioa --data /srv/ioa
"""
_RESTORE = """Put a backup back into the data folder of a hub, which must be empty or not there, and check it.

Clients that know more of the log than the backup holds find that out and begin anew with what the hub has; work that
they have done since is sent again and counts. Goals that were asked after the backup have to be asked again.

\b
Examples:
  ioa hub restore /backups/ioa-monday.tar.gz
  ioa hub restore /backups/ioa --data /srv/ioa
"""
_CHECK = """Is the data of a hub whole? Its log is judged by the rules again, and each stored file is compared with its
digest. Nothing is changed, and the hub may run meanwhile.

\b
Examples:
  ioa hub check
  ioa hub check --data /srv/ioa --json
"""
_data = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="The hub's data folder. Default: hub/ in the data folder (see IOA_DATA).",
)


@click.command(help=_BACKUP, short_help="Copy everything a hub keeps, while it runs.")
@click.argument("target", type=click.Path(path_type=Path))
@_data
def backup(target: Path, data: Path | None) -> None:
    from ioa.cli.hub_keeping_run import run_backup

    run_backup(target, data)


@click.command(help=_RESTORE, short_help="Put a backup back.")
@click.argument("source", type=click.Path(path_type=Path))
@_data
@click.option(
    "--keep-epoch",
    is_flag=True,
    help="The hub accepted nothing after this backup (a move to another machine): clients go on where they were.",
)
def restore(source: Path, data: Path | None, keep_epoch: bool) -> None:
    from ioa.cli.hub_keeping_run import run_restore

    run_restore(source, data, keep_epoch=keep_epoch)


@click.command(help=_CHECK, short_help="Is the data of a hub whole?")
@_data
@json_option
def check(data: Path | None, as_json: bool) -> None:
    from ioa.cli.hub_keeping_run import run_check

    findings = run_check(data, quiet=as_json)
    if as_json:
        print_json(findings)
    if findings.wrong:
        raise SystemExit(1)
