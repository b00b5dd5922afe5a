"""Hosts of our own: network namespaces on one bridge, each with its own address."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

SUBNET = "10.213.77"
HERE = f"{SUBNET}.254"


class NoHosts(Exception):
    """This machine does not let us make network namespaces. The text says why."""


@contextmanager
def network_hosts(names: Sequence[str]) -> Iterator[dict[str, str]]:
    """Make one host a name, all on one bridge, on which this process has an address too. Yields the hosts' addresses;
    `ip netns exec NAME` runs something there; this process is at `HERE`."""
    if shutil.which("ip") is None:
        raise NoHosts("the command `ip` (iproute2) is not installed")
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        raise NoHosts("network namespaces need root")
    own = f"ioa{os.getpid() % 10_000}"
    made: list[str] = []
    bridge = f"{own}br"
    try:
        _ip("link", "add", bridge, "type", "bridge")
        _ip("addr", "add", f"{SUBNET}.254/24", "dev", bridge)
        _ip("link", "set", bridge, "up")
        for number, name in enumerate(names, start=1):
            outer, inner = f"{own}v{number}", f"{own}i{number}"
            _ip("netns", "add", name)
            made.append(name)
            _ip("link", "add", outer, "type", "veth", "peer", "name", inner)
            _ip("link", "set", outer, "master", bridge, "up")
            _ip("link", "set", inner, "netns", name)
            _ip("-n", name, "addr", "add", f"{SUBNET}.{number}/24", "dev", inner)
            _ip("-n", name, "link", "set", inner, "up")
            _ip("-n", name, "link", "set", "lo", "up")
        yield {name: f"{SUBNET}.{number}" for number, name in enumerate(names, start=1)}
    finally:
        for name in made:
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)
        subprocess.run(["ip", "link", "del", bridge], check=False, capture_output=True)


def set_link(name: str, state: str) -> None:
    """Take the cable of a host out (`down`) or put it back (`up`). Nobody at either end is told."""
    shown = subprocess.run(
        ["ip", "-n", name, "-json", "link", "show", "type", "veth"], check=True, capture_output=True, text=True
    )
    for link in json.loads(shown.stdout):
        _ip("-n", name, "link", "set", link["ifname"], state)


def _ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise NoHosts(f"`ip {' '.join(arguments)}` failed: {done.stderr.strip()}")
