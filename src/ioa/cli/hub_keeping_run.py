"""What `ioa hub backup`, `restore` and `check` do."""

from __future__ import annotations

import time
from pathlib import Path

from ioa import data_folder
from ioa.adapters.backup.checking import Findings, check
from ioa.adapters.backup.making import BackupFailed, Manifest, back_up, restore
from ioa.cli.failures import BadInput
from ioa.cli.terminal import stdout
from ioa.settings import Settings


def run_backup(target: Path, data: Path | None) -> None:
    """Raises `Failure`."""
    folder = _folder(data)
    try:
        manifest = back_up(folder, target.expanduser(), now_s=time.time())
    except BackupFailed as error:
        raise BadInput(str(error)) from error
    out = stdout(colour=Settings.read().colour)
    out.write(f"{target}: the log up to entry {manifest.newest}, {_files(manifest)}.")


def run_restore(source: Path, data: Path | None, *, keep_epoch: bool) -> None:
    """Raises `Failure`; `SystemExit` where what was restored is not whole."""
    folder = _folder(data)
    running = data_folder.running_at(folder) if folder.exists() else None
    if running is not None:
        raise BadInput(f"{folder} is in use by process {running.pid}; end it first, or give another --data.")
    try:
        manifest = restore(source.expanduser(), folder, keep_epoch=keep_epoch)
    except BackupFailed as error:
        raise BadInput(str(error)) from error
    out = stdout(colour=Settings.read().colour)
    made = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(manifest.made_at))
    out.write(f"{folder}: as of {made}, the log up to entry {manifest.newest}, {_files(manifest)}.")
    if run_check(folder).wrong:
        raise SystemExit(1)


def run_check(data: Path | None, *, quiet: bool = False) -> Findings:
    """What was found, told unless `quiet`. Raises `Failure` where there is no hub's data."""
    folder = _folder(data)
    try:
        findings = check(folder)
    except FileNotFoundError as error:
        raise BadInput(str(error)) from error
    if quiet:
        return findings
    out = stdout(colour=Settings.read().colour)
    for text in findings.wrong:
        out.write(f"{out.style('wrong', 'bold')}  {text}")
    for text in findings.remarks:
        out.write(f"note   {text}")
    looked = f"{findings.groups} groups, {findings.entries} entries, {findings.files} files"
    out.write(f"{folder}: {looked}: {f'{len(findings.wrong)} things are wrong' if findings.wrong else 'all is whole'}.")
    return findings


def _folder(data: Path | None) -> Path:
    return (data or Settings.read().hub_folder).expanduser().absolute()


def _files(manifest: Manifest) -> str:
    size = sum(part.size_bytes for part in manifest.files)
    return f"{len(manifest.files)} files of {size / 1e6:.1f} MB"
