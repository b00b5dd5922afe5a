"""`ioa hub cluster`: try several replicas of a hub on this machine."""

from __future__ import annotations

import click

from ioa.cli.options import run_async
from ioa.settings import DEFAULT_PORT

_HELP = """Try several replicas of a hub on this machine: a PostgreSQL and a NATS server, so many hubs over them, and a
load balancer before them. Until Ctrl-C; nothing is kept.

A replica that is killed is started again after a moment; agents go on with another one meanwhile.
"""


@click.command(help=_HELP, short_help="Try several replicas of a hub on this machine.")
@click.option("--replicas", type=click.IntRange(1, 16), default=3, show_default=True, metavar="N", help="How many.")
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=DEFAULT_PORT, show_default=True, metavar="N",
    help="Port of the load balancer; 0 takes a free one.",
)  # fmt: skip
@click.option(
    "--index", default="memory", show_default=True, metavar="WHERE",
    help="What keeps the vectors of discovery, as in ioa hub; postgresql is the database that this starts (pgvector).",
)  # fmt: skip
def cluster(replicas: int, port: int, index: str) -> None:
    from ioa.cli.hub_cluster_run import run_cluster

    run_async(run_cluster(replicas, port, index))
