"""`ioa hub`: the server that agents and people connect to."""

from __future__ import annotations

from pathlib import Path

import click

from ioa.cli.hub_cluster import cluster
from ioa.cli.hub_keeping import backup, check, restore
from ioa.cli.options import run_async
from ioa.settings import DEFAULT_PORT

_HELP = """Run a hub until Ctrl-C: agents register with it, find each other and talk through it.

On loopback it makes a token for you and says where that is. To be reached from other machines (--host) it wants to be
told who may use it: a token in IOA_HUB_TOKEN, or --users FILE with one `name: token` a line. Use TLS there, or a
tunnel: tokens travel with every request.

\b
Examples:
  ioa hub
  ioa hub --port 7800 --data /srv/ioa
  IOA_HUB_TOKEN=... ioa hub --store postgresql://ioa@db/ioa --bus nats://bus:4222
  IOA_HUB_TOKEN=... ioa hub --host 0.0.0.0 --tls-certificate cert.pem --tls-key key.pem
"""


@click.group(
    help=_HELP,
    short_help="Run a hub that agents and people connect to.",
    invoke_without_command=True,
    subcommand_metavar="[COMMAND …]",
)
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=DEFAULT_PORT, show_default=True, metavar="N",
    help="Port to listen on; 0 takes a free one.",
)  # fmt: skip
@click.option(
    "--data", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
    help="Where the hub keeps everything. Default: hub/ in the data folder (see IOA_DATA).",
)  # fmt: skip
@click.option(
    "--store", metavar="URL",
    help="Keep everything there instead: postgresql://user@host/database, which several hubs may share.",
)  # fmt: skip
@click.option("--bus", metavar="URL", help="How hubs that share a store wake each other: nats://host:4222.")
@click.option(
    "--users", type=click.Path(path_type=Path), metavar="FILE", help="Who may use it: YAML, one `name: token` a line."
)
@click.option(
    "--security", type=click.Path(path_type=Path), metavar="FILE",
    help="Who may use it and how: users, operators, teams, OIDC, client certificates, quotas (docs/security.md).",
)  # fmt: skip
@click.option(
    "--allow-host", "allowed_hosts", multiple=True, metavar="NAME",
    help="A further host name under which it may be addressed. May be repeated.",
)  # fmt: skip
@click.option(
    "--trust-proxy", "trusted_proxies", multiple=True, metavar="NETWORK",
    help="Address or network of a proxy (10.0.0.0/8) whose X-Forwarded-For is believed, as one on this machine is. "
    "May be repeated.",
)  # fmt: skip
@click.option("--tls-certificate", type=click.Path(path_type=Path), metavar="FILE", help="PEM certificate: serve TLS.")
@click.option("--tls-key", type=click.Path(path_type=Path), metavar="FILE", help="PEM key of that certificate.")
@click.option(
    "--index", default="memory", show_default=True, metavar="WHERE",
    help="What keeps the vectors of discovery: memory, postgresql://… (pgvector), milvus+http://HOST:19530, or "
    "milvus:FILE.db.",
)  # fmt: skip
@click.option("--json-log", is_flag=True, help="Log to stderr as one JSON object a line.")
@click.option("--verbose", "-v", is_flag=True, help="Log requests and connections as well.")
@click.pass_context
def hub(
    context: click.Context, host: str, port: int, data: Path | None, store: str | None, bus: str | None,
    users: Path | None, security: Path | None, allowed_hosts: tuple[str, ...], trusted_proxies: tuple[str, ...],
    tls_certificate: Path | None, tls_key: Path | None, index: str, json_log: bool, verbose: bool,
) -> None:  # fmt: skip
    if context.invoked_subcommand is not None:
        return
    from ioa.cli.hub_run import HubOptions, run_hub
    from ioa.hub.serving import event_loop

    options = HubOptions(
        host, port, data, users, security, allowed_hosts, tls_certificate, tls_key, index, json_log, verbose, store,
        bus, trusted_proxies,
    )  # fmt: skip
    run_async(run_hub(options), event_loop)


for _command in (backup, restore, check, cluster):
    hub.add_command(_command)
