"""The files of deploy/, checked as far as that goes without an engine that runs containers."""

from __future__ import annotations

import configparser
import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from ioa.cli.hub_command import hub
from ioa.hub.http import ENDPOINTS
from ioa.settings import SETTINGS

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
GUIDE = ROOT / "docs" / "operate.md"


def compose() -> dict[str, Any]:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def manifests() -> list[dict[str, Any]]:
    return [
        one for path in sorted((DEPLOY / "kubernetes").glob("*.yaml")) for one in yaml.safe_load_all(path.read_text())
    ]


def workloads() -> list[dict[str, Any]]:
    return [one for one in manifests() if one["kind"] in ("Deployment", "StatefulSet")]


def understood(words: list[str]) -> dict[str, Any]:
    """The options of `ioa hub` that a command line gives. Raises `click.UsageError`."""
    return hub.make_context("hub", list(words)).params


def container_file() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in (DEPLOY / "Containerfile").read_text().splitlines():
        word, _, rest = line.partition(" ")
        if word.isupper():
            found.setdefault(word, []).append(rest)
    return found


def test_every_command_line_is_one_that_the_hub_understands() -> None:
    made = container_file()
    assert yaml.safe_load(made["ENTRYPOINT"][0]) == ["ioa", "hub"]
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(DEPLOY / "ioa-hub.service")
    started = shlex.split(unit["Service"]["ExecStart"])
    assert started[0].endswith("/ioa")
    assert started[1] == "hub"
    lines = [yaml.safe_load(made["CMD"][0]), compose()["services"]["hub"]["command"], started[2:]]
    lines += [one["spec"]["template"]["spec"]["containers"][0]["args"] for one in workloads()]
    for words in lines:
        given = understood(words)
        assert given["json_log"]
        assert given["port"] == 7700
        assert given["data"] is not None
    with pytest.raises(click.UsageError):
        understood(["--no-such-option"])


def test_the_image_is_no_roots_and_installs_extras_that_exist() -> None:
    made = container_file()
    assert made["USER"] == ["10001:10001"]
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = re.search(r"\.\[([a-z,]+)\]", (DEPLOY / "Containerfile").read_text())
    assert extras is not None
    assert set(extras[1].split(",")) <= project["optional-dependencies"].keys()
    for copied in made["COPY"][0].split()[:-1]:
        assert (ROOT / copied).exists(), copied


def test_variables_are_settings_and_addresses_are_the_hubs() -> None:
    known = {setting.variable for setting in SETTINGS}
    paths = {endpoint.path for endpoint in ENDPOINTS}
    texts = [path.read_text() for path in DEPLOY.rglob("*") if path.is_file()]
    for text in texts:
        assert set(re.findall(r"\b(IOA_[A-Z_]+)(?=[=:}])", text)) - {"IOA_HOST"} <= known
        assert set(re.findall(r"(?:path: |7700)(/[a-z0-9/]+)", text)) <= paths | {"/"}
    assert any("/v1/health" in text for text in texts)


def test_the_compose_file_is_whole() -> None:
    file = compose()
    assert file.keys() <= {"services", "volumes", "networks"}
    for name, service in file["services"].items():
        for mount in service.get("volumes", ()):
            assert mount.partition(":")[0] in file["volumes"], (name, mount)
        assert set(service["networks"]) <= file["networks"].keys()
        assert set(service.get("depends_on", ())) <= file["services"].keys()
        assert service["restart"]
    hub_service = file["services"]["hub"]
    assert hub_service["read_only"]
    assert hub_service["cap_drop"] == ["ALL"]
    assert "ports" not in hub_service  # only the door is reached from outside
    assert (DEPLOY / hub_service["build"]["context"] / hub_service["build"]["dockerfile"]).resolve().is_file()


def test_pods_have_no_rights_that_they_do_not_need() -> None:
    assert workloads()
    for one in workloads():
        spec = one["spec"]["template"]["spec"]
        assert spec["automountServiceAccountToken"] is False
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["runAsUser"] == spec["securityContext"]["fsGroup"] == 10001
        assert spec["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
        for container in spec["containers"]:
            rights = container["securityContext"]
            assert rights["readOnlyRootFilesystem"] is True
            assert rights["allowPrivilegeEscalation"] is False
            assert rights["capabilities"]["drop"] == ["ALL"]
            assert container["resources"]["limits"]["memory"]
            assert not container["image"].endswith(":latest")
            for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                assert container[probe]["httpGet"]["port"] in {port["name"] for port in container["ports"]}


def test_manifests_refer_to_what_is_there() -> None:
    kinds = {one["kind"] for one in manifests()}
    assert kinds >= {"Service", "NetworkPolicy"}
    assert "Secret" not in kinds  # no secret, not even an example of one, is in the repository
    for one in workloads():
        labels = one["spec"]["template"]["metadata"]["labels"]
        assert one["spec"]["selector"]["matchLabels"].items() <= labels.items()
        spec = one["spec"]["template"]["spec"]
        volumes = {volume["name"] for volume in spec.get("volumes", ())}
        volumes |= {claim["metadata"]["name"] for claim in one["spec"].get("volumeClaimTemplates", ())}
        for container in spec["containers"]:
            assert {mount["name"] for mount in container["volumeMounts"]} == volumes
        if one["kind"] == "StatefulSet":
            assert one["spec"]["replicas"] == 1  # one hub a SQLite file
        services = [other for other in manifests() if other["kind"] == "Service"]
        assert any(service["spec"]["selector"].items() <= labels.items() for service in services)


def test_every_figure_that_the_hub_gives_is_in_the_guide() -> None:
    source = (ROOT / "src" / "ioa" / "hub" / "metrics.py").read_text()
    names = set(re.findall(r'"((?:ioa|process)_[a-z_]+)"', source))
    guide = GUIDE.read_text()
    assert len(names) > 15
    for name in names:
        assert name in guide, name
    for alerted in set(re.findall(r"\b(ioa_[a-z_]+?)(?:_bucket)?\b(?=[{\[ ])", guide)):
        assert alerted in names or alerted.removesuffix("_bucket") in names, alerted
