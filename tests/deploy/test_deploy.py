"""The files of deploy/, checked as far as that goes without an engine that runs containers."""

from __future__ import annotations

import configparser
import re
import shlex
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import pytest
import yaml

from ioa.adapters.bus.nats_url import parse
from ioa.adapters.index.engines import engine_at
from ioa.adapters.store.postgres import PostgresStore
from ioa.cli.hub_command import hub
from ioa.hub.http import ENDPOINTS
from ioa.hub.settings import Limits
from ioa.settings import SETTINGS

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
GUIDE = ROOT / "docs" / "operate.md"
PROBES = {"/healthz", "/readyz"}
PUT_IN = {"IOA_HOST", "IOA_DB_PASSWORD", "IOA_CERTIFICATE"}  # by whoever starts the compose files


COMPOSE = ("compose.yaml", "compose.replicas.yaml")
FOLDERS = ("one", "replicas")


def compose(name: str) -> dict[str, Any]:
    return yaml.safe_load((DEPLOY / name).read_text())


def manifests(folder: str) -> list[dict[str, Any]]:
    files = sorted((DEPLOY / "kubernetes" / folder).glob("*.yaml"))
    return [one for path in files for one in yaml.safe_load_all(path.read_text())]


def workloads(folder: str) -> list[dict[str, Any]]:
    return [one for one in manifests(folder) if one["kind"] in ("Deployment", "StatefulSet")]


def hubs(folder: str) -> list[dict[str, Any]]:
    return [one for one in workloads(folder) if one["metadata"]["name"] == "ioa-hub"]


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
    unit.optionxform = lambda optionstr: optionstr
    unit.read(DEPLOY / "ioa-hub.service")
    started = shlex.split(unit["Service"]["ExecStart"])
    assert started[0].endswith("/ioa")
    assert started[1] == "hub"
    lines = [yaml.safe_load(made["CMD"][0]), started[2:]]
    lines += [compose(name)["services"]["hub"]["command"] for name in COMPOSE]
    lines += [one["spec"]["template"]["spec"]["containers"][0]["args"] for folder in FOLDERS for one in hubs(folder)]
    assert len(lines) == 6
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
    paths = {endpoint.path for endpoint in ENDPOINTS} | PROBES
    texts = [path.read_text() for path in DEPLOY.rglob("*") if path.is_file()]
    for text in texts:
        assert set(re.findall(r"\b(IOA_[A-Z_]+)(?=[=:}])", text)) - PUT_IN <= known
        assert set(re.findall(r"(?:path: |7700|uri )(/[a-z0-9/]+)", text)) <= paths | {"/"}
    assert any("/v1/health" in text for text in texts)


@pytest.mark.parametrize("name", COMPOSE)
def test_the_compose_files_are_whole(name: str) -> None:
    file = compose(name)
    assert file.keys() <= {"services", "volumes", "networks"}
    for service in file["services"].values():
        for mount in service.get("volumes", ()):
            source = mount.partition(":")[0]
            if source.startswith("./"):
                assert (DEPLOY / source).is_file()
            elif ":" in mount and not source.startswith("$"):
                assert source in file["volumes"], mount
        assert set(service["networks"]) <= file["networks"].keys()
        assert set(service.get("depends_on", ())) <= file["services"].keys()
        assert service["restart"]
        assert "image" in service
        assert not service["image"].endswith(":latest")
    hub_service = file["services"]["hub"]
    assert hub_service["read_only"]
    assert hub_service["cap_drop"] == ["ALL"]
    assert "ports" not in hub_service  # only the door is reached from outside
    assert (DEPLOY / hub_service["build"]["context"] / hub_service["build"]["dockerfile"]).resolve().is_file()


def test_replicas_share_a_store_a_bus_and_an_index_that_are_there() -> None:
    services = compose("compose.replicas.yaml")["services"]
    replicas = services["hub"]
    assert replicas["deploy"]["replicas"] == 3
    assert set(replicas["depends_on"]) == {"database", "bus"}
    for words, names in (
        (replicas["command"], set(services)),
        (hubs("replicas")[0]["spec"]["template"]["spec"]["containers"][0]["args"], services_of("replicas")),
    ):
        given = understood(words)
        PostgresStore(given["store"])
        engine_at(given["index"])
        parse(given["bus"])
        assert {urlsplit(given["store"]).hostname, urlsplit(given["bus"]).hostname} <= names | {"postgres"}
        assert urlsplit(given["store"]).password is None  # it is not on a command line


def services_of(folder: str) -> set[str]:
    return {one["metadata"]["name"] for one in manifests(folder) if one["kind"] == "Service"}


def test_the_load_balancer_knows_who_is_ready_and_leaves_sockets_open() -> None:
    sections: dict[str, list[list[str]]] = {}
    for line in (DEPLOY / "haproxy.cfg").read_text().splitlines():
        words = line.partition("#")[0].split()
        if words and not line[0].isspace():
            sections[words[0]] = []
        elif words:
            sections[list(sections)[-1]].append(words)
    timeouts = {words[1]: words[2] for words in sections["defaults"] if words[0] == "timeout"}
    assert timeouts.keys() == {"connect", "http-request", "http-keep-alive", "client", "server", "tunnel"}
    for name in ("client", "server", "tunnel"):
        assert int(timeouts[name].removesuffix("s")) >= Limits().dead_after_s
    back = [" ".join(words) for words in sections["backend"]]
    assert "http-check send meth GET uri /readyz ver HTTP/1.1 hdr Host localhost" in back
    assert any(line.startswith("server-template hub 9 hub:7700 ") for line in back)
    front = [" ".join(words) for words in sections["frontend"]]
    forgets, says = front.index("http-request del-header X-Forwarded-For"), front.index("option forwardfor")
    assert forgets < says
    assert any(line.startswith("http-request deny") and "/metrics" in line for line in front)
    mounts = compose("compose.replicas.yaml")["services"]["door"]["volumes"]
    certificate = re.search(r" crt (\S+)", " ".join(front))
    assert certificate is not None
    assert any(mount.endswith(f":{certificate[1]}:ro") for mount in mounts)


@pytest.mark.parametrize("folder", FOLDERS)
def test_pods_have_no_rights_that_they_do_not_need(folder: str) -> None:
    assert hubs(folder)
    for one in workloads(folder):
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
            for variable in container.get("env", ()):
                assert "secretKeyRef" in variable["valueFrom"]  # secrets, and none written here


@pytest.mark.parametrize("folder", FOLDERS)
def test_manifests_refer_to_what_is_there(folder: str) -> None:
    found = manifests(folder)
    kinds = {one["kind"] for one in found}
    assert kinds >= {"Service", "NetworkPolicy"}
    assert "Secret" not in kinds  # no secret, not even an example of one, is in the repository
    names = [(one["kind"], one["metadata"]["name"]) for one in found]
    assert len(names) == len(set(names))
    pods = [one["spec"]["template"] for one in workloads(folder)]
    for one in workloads(folder):
        labels = one["spec"]["template"]["metadata"]["labels"]
        assert one["spec"]["selector"]["matchLabels"].items() <= labels.items()
        spec = one["spec"]["template"]["spec"]
        volumes = {volume["name"] for volume in spec.get("volumes", ())}
        volumes |= {claim["metadata"]["name"] for claim in one["spec"].get("volumeClaimTemplates", ())}
        for container in spec["containers"]:
            assert {mount["name"] for mount in container["volumeMounts"]} == volumes
        if one["kind"] == "StatefulSet":
            assert one["spec"]["replicas"] == 1  # one hub a SQLite file
    for one in found:
        spec = one["spec"]
        if one["kind"] == "Service":
            chosen = [pod for pod in pods if spec["selector"].items() <= pod["metadata"]["labels"].items()]
            ports = {port["name"] for pod in chosen for made in pod["spec"]["containers"] for port in made["ports"]}
            assert {port["targetPort"] for port in spec["ports"]} <= ports
        if one["kind"] in ("NetworkPolicy", "PodDisruptionBudget"):
            wanted = spec["podSelector" if one["kind"] == "NetworkPolicy" else "selector"]["matchLabels"]
            assert any(wanted.items() <= pod["metadata"]["labels"].items() for pod in pods)
        if one["kind"] == "Ingress":
            for path in (path for rule in spec["rules"] for path in rule["http"]["paths"]):
                assert path["backend"]["service"]["name"] in services_of(folder)


def test_replicas_are_replaced_one_by_one() -> None:
    (one,) = hubs("replicas")
    spec, pod = one["spec"], one["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert spec["replicas"] == 3
    assert spec["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"  # a hub is not to die of its database
    (word, seconds) = container["lifecycle"]["preStop"]["exec"]["command"]
    assert word == "sleep"
    assert int(seconds) + 15 <= pod["terminationGracePeriodSeconds"]
    (budget,) = (one for one in manifests("replicas") if one["kind"] == "PodDisruptionBudget")
    assert 0 < budget["spec"]["minAvailable"] < spec["replicas"]


def test_every_figure_that_the_hub_gives_is_in_the_guide() -> None:
    source = (ROOT / "src" / "ioa" / "hub" / "metrics.py").read_text()
    names = set(re.findall(r'"((?:ioa|process)_[a-z_]+)"', source))
    guide = GUIDE.read_text()
    assert len(names) > 15
    for name in names:
        assert name in guide, name
    for alerted in set(re.findall(r"\b(ioa_[a-z_]+?)(?:_bucket)?\b(?=[{\[ ])", guide)):
        assert alerted in names or alerted.removesuffix("_bucket") in names, alerted
