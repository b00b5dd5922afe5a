"""`ioa token`: make, list, rotate and revoke tokens of a hub."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ioa.cli.options import hub_options, json_option, print_json, run_async

if TYPE_CHECKING:
    from ioa.cli.hub_api import HubApi

_HELP = """Tokens of a hub: yours and your agents'; an operator's command sees and changes all.

A token is shown once, when it is made. Revoking one ends the connections that were opened with it, at once.

\b
Examples:
  ioa token create --agent "Data analyst" --label laptop --days 90
  ioa token list
  ioa token rotate TOKEN_ID --overlap 3600
  ioa token revoke TOKEN_ID
  ioa token create --scope user --name boris        for operators
"""
_DAY_S = 86_400.0


@click.group(help=_HELP, short_help="Make, list, rotate and revoke tokens.")
def token() -> None:
    """See `_HELP`."""


@token.command("create", help="Make a token and print it: it is shown this once.")
@click.option(
    "--scope", type=click.Choice(["user", "agent", "operator", "peer"]), default=None,
    help="What it is for; default: agent with --agent, else user.",
)  # fmt: skip
@click.option("--agent", metavar="NAME", help="For this agent of yours.")
@click.option("--name", default="", metavar="NAME", help="For this user, operator or other hub; default: yourself.")
@click.option("--label", default="", metavar="TEXT", help="What you will know it by.")
@click.option(
    "--days", type=click.FloatRange(min=0, min_open=True), metavar="N", help="Valid for N days; default: no end."
)
@hub_options
@json_option
def create(
    scope: str | None, agent: str | None, name: str, label: str, days: float | None,
    hub: str | None, token: str | None, as_json: bool,
) -> None:  # fmt: skip
    body: dict[str, object] = {"scope": scope or ("agent" if agent else "user"), "name": agent or name, "label": label}
    if days is not None:
        body["expires_in_s"] = days * _DAY_S

    async def act(api: HubApi) -> dict[str, Any]:
        return await api.plain("POST", "/v1/tokens", body)

    _tell_new(_asked(act, hub, token), as_json)


@token.command("list", help="List tokens, without the secrets.")
@click.option("--ended", is_flag=True, help="Also those that are not valid any more.")
@hub_options
@json_option
def listed(ended: bool, hub: str | None, token: str | None, as_json: bool) -> None:
    async def act(api: HubApi) -> list[dict[str, Any]]:
        return await api.plain_pages("/v1/tokens", {"ended": "true"} if ended else {})

    found = _asked(act, hub, token)
    if as_json:
        print_json(found)
        return
    from ioa.cli.terminal import one_line, stdout, table

    rows = [
        (
            str(item["token_id"]),
            str(item["scope"]),
            one_line(str(item["name"])),
            one_line(str(item["label"])),
            _state(item),
        )
        for item in found
    ]
    out = stdout(colour=False)
    for line in table(("token_id", "scope", "name", "label", "valid"), rows, 200):
        out.write(line)


@token.command("rotate", help="Make a new token in the place of one, and print it; the old one ends after an overlap.")
@click.argument("token_id", metavar="TOKEN_ID")
@click.option(
    "--overlap", type=click.FloatRange(min=0), default=3_600.0, show_default=True, metavar="S",
    help="Seconds for which the old one is still good.",
)  # fmt: skip
@click.option(
    "--days", type=click.FloatRange(min=0, min_open=True), metavar="N", help="The new one is valid for N days."
)
@hub_options
@json_option
def rotate(
    token_id: str, overlap: float, days: float | None, hub: str | None, token: str | None, as_json: bool
) -> None:
    from urllib.parse import quote

    body: dict[str, object] = {"overlap_s": overlap}
    if days is not None:
        body["expires_in_s"] = days * _DAY_S

    async def act(api: HubApi) -> dict[str, Any]:
        return await api.plain("POST", f"/v1/tokens/{quote(token_id, safe='')}/rotate", body)

    _tell_new(_asked(act, hub, token), as_json)


@token.command("revoke", help="End a token at once, with all that is open by it.")
@click.argument("token_id", metavar="TOKEN_ID")
@hub_options
@json_option
def revoke(token_id: str, hub: str | None, token: str | None, as_json: bool) -> None:
    from urllib.parse import quote

    async def act(api: HubApi) -> dict[str, Any]:
        return await api.plain("DELETE", f"/v1/tokens/{quote(token_id, safe='')}")

    done = _asked(act, hub, token)
    if as_json:
        print_json(done)
    else:
        click.echo(f"{done['token_id']} is revoked.")


def _asked(act: Any, hub: str | None, token: str | None) -> Any:
    async def asked() -> object:
        from ioa.cli.reach import all_places, opened
        from ioa.settings import Settings

        places = all_places(Settings.read(), hub, token)
        place = next((place for place in places if place.url is not None), places[0])
        async with opened(place) as api:
            return await act(api)

    return run_async(asked())


def _tell_new(made: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(made)
        return
    click.echo(made["token"])
    view = made["view"]
    click.echo(f"token_id {view['token_id']}, {view['scope']} {view['name']!r}; it is not shown again.", err=True)


def _state(item: dict[str, Any]) -> str:
    import time

    if item["revoked_at"] is not None:
        return "revoked"
    if not item["valid"]:
        return "expired"
    if item["expires_at"] is None:
        return "yes"
    return f"{max(0.0, item['expires_at'] - time.time()) / _DAY_S:.1f} days"
