"""`ioa audit`: what was done to a hub's security, for its operators."""

from __future__ import annotations

from typing import Any

import click

from ioa.cli.options import hub_options, json_option, print_json, run_async

_HELP = """Who made, rotated or revoked tokens; who failed to sign in; agents registered, changed, removed; goals
cancelled; quotas. Newest first. For operators.

--verify reads all of it and checks that no entry was changed or is missing.
"""


@click.command(help=_HELP, short_help="Show the audit log of a hub.")
@click.option("--act", metavar="ACT", help="Only this kind, such as token_made or sign_in_failed.")
@click.option("--who", metavar="NAME", help="Only what this agent, or @user, did.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help="At most so many.")
@click.option("--verify", is_flag=True, help="Check the digests of all entries; exit code 1 says that they do not fit.")
@hub_options
@json_option
def audit(
    act: str | None, who: str | None, limit: int, verify: bool, hub: str | None, token: str | None, as_json: bool
) -> None:
    wanted = {name: value for name, value in (("act", act), ("who", who)) if value and not verify}

    async def asked() -> list[dict[str, Any]]:
        from ioa.cli.reach import all_places, opened
        from ioa.settings import Settings

        places = all_places(Settings.read(), hub, token)
        place = next((place for place in places if place.url is not None), places[0])
        async with opened(place) as api:
            return await api.plain_pages("/v1/audit", wanted, None if verify else limit)

    found = run_async(asked())
    if verify:
        _verify(found)
        return
    if as_json:
        print_json(found)
        return
    import time

    from ioa.cli.terminal import one_line, stdout

    out = stdout(colour=False)
    for entry in found:
        at = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(entry["at"]))
        details = "  ".join(f"{name}={value}" for name, value in entry["details"].items() if value)
        where = f"  from {entry['address']}" if entry["address"] else ""
        out.write(one_line(f"{at}  {entry['act']}  {entry['who']}  {entry['what']}  {details}{where}"))


def _verify(found: list[dict[str, Any]]) -> None:
    import msgspec

    from ioa.cli.failures import Failure
    from ioa.hub.audit import AuditEntry, broken_link

    entries = msgspec.convert(list(reversed(found)), list[AuditEntry])
    broken = broken_link(entries)
    if broken is not None:
        raise Failure(f"Entry {broken.number} of chain {broken.chain} was changed, or one before it is missing.")
    newest = entries[-1].digest if entries else "none"
    click.echo(f"{len(entries)} entries, none changed or missing. Digest of the newest: {newest}")
