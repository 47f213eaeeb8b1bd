"""Ceph on one machine and in memory: a monitor, one OSD and an RGW that speaks S3, all on loopback.

The recipe, for whoever wants to do it by hand:

 1. A ceph.conf without authentication between the daemons, one copy of everything, `osd objectstore = memstore`.
 2. `monmaptool --create`, `ceph-mon --mkfs`, `ceph-mon`.
 3. `osd new` at the monitor (here by librados, as the `ceph` command wants Python packages), `ceph-osd --mkfs`,
    `ceph-osd`.
 4. `radosgw` makes its pools when it first starts; `radosgw-admin user create` makes a user with keys of S3. It wants
    encryption on its way to the monitor, which there is none of without authentication: hence `ms mon client mode`.

The libraries of the unpacked packages are found by LD_LIBRARY_PATH. It takes about 15 s and 450 MB of memory.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from packages import UnavailableError

STARTING_SECONDS = 90
CONF = """
[global]
fsid = {fsid}
mon host = v2:127.0.0.1:{mon}
public addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
ms mon client mode = crc
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd crush chooseleaf type = 0
osd objectstore = memstore
memstore device bytes = 2G
mon allow pool size one = true
mon data avail crit = 1
mon data avail warn = 1
ms bind ipv6 = false
plugin dir = {libraries}/ceph
erasure code dir = {libraries}/ceph/erasure-code
osd class dir = {libraries}/rados-classes
run dir = {folder}
admin socket =
log file = {folder}/$name.log
mon data = {folder}/mon
osd data = {folder}/osd
osd journal =
rgw data = {folder}/rgw
rgw frontends = beast endpoint=127.0.0.1:{rgw}
rgw enable usage log = false
rgw enable ops log = false
"""
# osd new, by librados: the monitor gives out the number, 0
OSD_NEW = """
import ctypes, json, sys
rados = ctypes.CDLL("librados.so.2")
cluster = ctypes.c_void_p()
assert rados.rados_create(ctypes.byref(cluster), b"admin") == 0
assert rados.rados_conf_read_file(cluster, sys.argv[1].encode()) == 0
assert rados.rados_conf_set(cluster, b"client_mount_timeout", b"30") == 0
assert rados.rados_connect(cluster) == 0
command = json.dumps({"prefix": "osd new", "uuid": sys.argv[2]}).encode()
out, size = ctypes.c_char_p(), ctypes.c_size_t()
said, length = ctypes.c_char_p(), ctypes.c_size_t()
answer = rados.rados_mon_command(
    cluster, (ctypes.c_char_p * 1)(command), ctypes.c_size_t(1), b"", ctypes.c_size_t(0),
    ctypes.byref(out), ctypes.byref(size), ctypes.byref(said), ctypes.byref(length))
assert answer == 0, (answer, said.value)
rados.rados_shutdown(cluster)
"""


@dataclass(frozen=True)
class User:
    """A user of RGW and its keys of S3."""

    name: str
    access_key: str
    secret_key: str


WRITER = User("writer", "second-s3-writer", "made-up-secret-of-the-writer")
READER = User("reader", "second-s3-reader", "made-up-secret-of-the-reader")


@dataclass(frozen=True)
class Ceph:
    """A running RGW, with both users."""

    endpoint: str


class _Node:
    """The folder, the environment and the programmes of one cluster."""

    def __init__(self, root: Path, folder: Path) -> None:
        self._root = root
        self.folder = folder
        self.conf = folder / "ceph.conf"
        libraries = {str(found.parent) for found in root.rglob("*.so*")}
        self.environment = {**os.environ, "LD_LIBRARY_PATH": os.pathsep.join(sorted(libraries))}

    def configure(self, fsid: str, mon: int, rgw: int) -> None:
        libraries = next(self._root.glob("usr/lib/*/rados-classes")).parent
        self.conf.write_text(CONF.format(fsid=fsid, mon=mon, rgw=rgw, folder=self.folder, libraries=libraries))

    def call(self, name: str, *arguments: str) -> str:
        """Runs a programme to its end; returns what it says. Raises UnavailableError."""
        command = [str(self._root / "usr/bin" / name), *arguments]
        return self._call(name, command)

    def call_python(self, program: str, *arguments: str) -> None:
        self._call("librados", [sys.executable, "-c", program, *arguments])

    def _call(self, name: str, command: list[str]) -> str:
        try:
            done = subprocess.run(
                command, env=self.environment, capture_output=True, text=True, check=True, timeout=STARTING_SECONDS
            )
        except subprocess.CalledProcessError as error:
            raise UnavailableError(f"{name} failed: {' '.join(error.stderr.strip().splitlines()[-2:])}") from None
        except subprocess.TimeoutExpired:
            raise UnavailableError(f"{name} does not come to an end") from None
        return done.stdout

    @contextmanager
    def daemon(self, name: str, *arguments: str) -> Iterator[None]:
        """A programme that runs while the block does."""
        command = [str(self._root / "usr/bin" / name), "-f", "-c", str(self.conf), *arguments]
        process = subprocess.Popen(
            command,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def cluster(root: Path, folder: Path) -> Iterator[Ceph]:
    """A cluster whose files lie in `folder`, which is emptied first. Raises UnavailableError."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("mon", "osd", "rgw"):
        (folder / name).mkdir(parents=True)
    node, fsid, mon, rgw = _Node(root, folder), str(uuid.uuid4()), _free_port(), _free_port()
    node.configure(fsid, mon, rgw)
    conf, monmap = str(node.conf), str(folder / "monmap")
    with ExitStack() as daemons:
        node.call("monmaptool", "--create", "--fsid", fsid, "--addv", "a", f"[v2:127.0.0.1:{mon}]", monmap)
        node.call("ceph-mon", "-c", conf, "--mkfs", "-i", "a", "--monmap", monmap)
        daemons.enter_context(node.daemon("ceph-mon", "-i", "a"))
        _await(mon)
        osd = str(uuid.uuid4())
        node.call_python(OSD_NEW, conf, osd)
        node.call("ceph-osd", "-c", conf, "--mkfs", "-i", "0", "--osd-uuid", osd)
        daemons.enter_context(node.daemon("ceph-osd", "-i", "0"))
        daemons.enter_context(node.daemon("radosgw", "-n", "client.rgw"))
        _await(rgw)
        for user in (WRITER, READER):
            keys = ("--access-key", user.access_key, "--secret-key", user.secret_key)
            node.call(
                "radosgw-admin", "-c", conf, "user", "create", "--uid", user.name, "--display-name", user.name, *keys
            )
        yield Ceph(f"http://127.0.0.1:{rgw}")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


def _await(port: int) -> None:
    until = time.monotonic() + STARTING_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > until:
                raise UnavailableError(f"nothing answers on port {port} after {STARTING_SECONDS} s") from None
            time.sleep(0.2)
        else:
            return
