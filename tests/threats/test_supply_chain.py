"""What this project is made of: known, from one place, unchanged, and free of what is known to be bad."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def scripts() -> Any:
    """The modules of scripts/."""
    sys.path.insert(0, str(ROOT / "scripts"))
    try:
        return SimpleNamespace(**{name: import_module(name) for name in ("audit", "locked", "sbom")})
    finally:
        sys.path.remove(str(ROOT / "scripts"))


def test_the_lock_passes_the_audit_and_the_audit_says_what_it_did() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "audit.py"), "--offline"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "online:  offline, as asked" in done.stdout
    assert "deny list, sources, digests, licences" in done.stdout


def test_each_kind_of_bad_package_is_found(scripts) -> None:
    good = scripts.locked.locked()[0]
    bad = {
        "deny list": replace(good, name="litellm", version="1.0"),
        "taken over in 2024": replace(good, name="ultralytics", version="8.3.41"),
        "not from https": replace(good, source={"git": "https://example.org/x?rev=1"}),
        "comes from": replace(good, source={"url": "https://example.org/x.whl"}),
        "SHA-256 digests": replace(good, digests=good.digests[1:]),
        "0 files": replace(good, digests=(), files=0),
    }
    for words, package in bad.items():
        found = scripts.audit.problems([package], licences=False)
        assert len(found) == 1, words
        assert words in found[0]
    assert scripts.audit.problems([replace(good, name="ultralytics", version="8.3.99")], licences=False) == []


@pytest.mark.parametrize(
    ("licence", "allowed"),
    [("MIT", True), ("LGPL-3.0-only", True), ("MPL-1.1 OR GPL-2.0-only", True), ("GPL-3.0-only", False),
     ("GNU Affero General Public License v3", False), ("AGPL-3.0", False), ("Proprietary", False), ("SSPL-1.0", False)],
)  # fmt: skip
def test_licences_that_bind_more_than_their_package_are_refused(scripts, monkeypatch, licence, allowed) -> None:
    monkeypatch.setattr(scripts.audit, "licence_of", lambda name: licence)
    assert (scripts.audit.problems(scripts.locked.locked()[:1]) == []) == allowed


def test_without_its_program_or_database_the_audit_says_so(scripts, monkeypatch) -> None:
    monkeypatch.setattr(scripts.audit.shutil, "which", lambda name: None)
    said, found = scripts.audit.vulnerabilities([])
    assert (found, "pip-audit is not installed" in said) == ([], True)
    monkeypatch.setattr(scripts.audit.shutil, "which", lambda name: "/bin/false")
    said, found = scripts.audit.vulnerabilities(scripts.locked.locked()[:1])
    assert (found, said.startswith("no known vulnerabilities were looked up")) == ([], True)


@pytest.mark.skipif(sys.platform == "win32", reason="SKIPPED: the stand-in for pip-audit is a script with #!")
def test_what_the_database_does_not_know_is_named_and_not_called_safe(scripts, monkeypatch, tmp_path) -> None:
    knows: dict[str, Any] = {
        "good": {"vulns": []},
        "bad": {"vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["1.1"]}, {"id": "GHSA-x", "fix_versions": []}]},
        "unknown": {"skip_reason": "Dependency not found on PyPI and could not be audited"},
    }
    program = tmp_path / "pip-audit"
    program.write_text(
        f"""#!{sys.executable}
import json, pathlib, sys
knows = {knows!r}
lines = pathlib.Path(sys.argv[-1]).read_text().split()
names = [line.partition("==")[0] for line in lines]
assert len(set(names)) == len(names), "pip-audit takes no name twice"
print(json.dumps({{"dependencies": [{{"name": name, **knows[name]}} for name in names if name in knows], "fixes": []}}))
"""
    )
    program.chmod(0o700)
    monkeypatch.setattr(scripts.audit.shutil, "which", lambda name: str(program))

    def packages(*names: str) -> list[Any]:
        model = scripts.locked.locked()[0]
        return [replace(model, name=name, version=f"1.{number}") for number, name in enumerate(names)]

    said, found = scripts.audit.vulnerabilities(packages("unknown", "absent"))
    assert (said, found) == (
        "no known vulnerabilities were looked up: the database that pip-audit asks knows none of the 2 packages", []
    )  # fmt: skip
    said, found = scripts.audit.vulnerabilities(packages("good", "good", "unknown", "absent"))
    assert found == []
    assert said.startswith("pip-audit knows of 0 vulnerabilities in 2 packages; 2 were not looked up")
    assert said.endswith("unknown 1.2, absent 1.3")
    said, found = scripts.audit.vulnerabilities(packages("good", "bad", "bad"))
    assert said == "pip-audit knows of 4 vulnerabilities in 3 packages"
    assert found[0] == "bad 1.1 has the known vulnerability PYSEC-2026-1; mended in: 1.1"
    assert found[-1] == "bad 1.2 has the known vulnerability GHSA-x; mended in: no release yet"


def test_the_bill_of_materials_holds_every_locked_package_and_is_always_the_same(scripts) -> None:
    bill = scripts.sbom.bill()
    packages = scripts.locked.locked()
    refs = {component["bom-ref"] for component in bill["components"]}
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    assert refs == {package.ref for package in packages}
    assert len(packages) > 100
    for entry in bill["dependencies"]:
        assert set(entry["dependsOn"]) <= refs, entry["ref"]
    assert all(component["properties"] for component in bill["components"])
    assert json.dumps(bill) == json.dumps(scripts.sbom.bill())
    starlette = next(entry for entry in bill["dependencies"] if "/starlette@" in entry["ref"])
    assert any("/anyio@" in need for need in starlette["dependsOn"])
