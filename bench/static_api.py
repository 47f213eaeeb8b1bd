"""Documents as files behind nginx, so that the API's side costs next to nothing: nginx-light, from Debian.

The latency of an answer is nginx's own, by its echo module, which nginx-light brings along.
"""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import requests
from servers import Api, Log, await_port

ECHO = Path("/usr/lib/nginx/modules/ngx_http_echo_module.so")
CONFIG = """
{modules}
worker_processes 1;
daemon off;
pid {home}/nginx.pid;
error_log {home}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  sendfile on;
  tcp_nodelay on;
  keepalive_requests 1000000;
  open_file_cache max=10000;
  default_type application/json;
  client_body_temp_path {home}/t1; proxy_temp_path {home}/t2; fastcgi_temp_path {home}/t3;
  uwsgi_temp_path {home}/t4; scgi_temp_path {home}/t5;
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    root {home}/files;
    location = /status {{ stub_status; }}
    {late}
  }}
}}
"""
LATE = "location /movie/ {{ echo_sleep {latency}; echo_exec /late$uri; }} location /late/ {{ alias {home}/files/; }}"


def is_there() -> bool:
    """Whether nginx is installed."""
    return shutil.which("nginx") is not None


def can_wait() -> bool:
    """Whether this nginx can answer late."""
    return is_there() and ECHO.exists()


@contextmanager
def static_api(bodies: Mapping[str, bytes], latency: float = 0.0, others: str = "") -> Iterator[Api]:
    """An nginx that answers `/movie/<id>` with these bodies, whatever the query and the headers, after `latency` s.

    `others` is the id whose body stands for all that have none; without it they are not found.
    """
    with tempfile.TemporaryDirectory(prefix="ingest-bench-nginx-") as made, socket.create_server(("127.0.0.1", 0)) as s:
        home, port = Path(made), s.getsockname()[1]
        s.close()
        home.chmod(0o755)  # nginx's workers are another user where root starts it
        files = home / "files" / "movie"
        files.mkdir(parents=True)
        for id, body in bodies.items():
            (files / id).write_bytes(body)
        late = LATE.format(latency=latency, home=home) if latency else ""
        late = f"location /movie/ {{ try_files $uri /movie/{others}; }}" if others else late
        modules = f"load_module {ECHO};" if latency else ""
        (home / "nginx.conf").write_text(CONFIG.format(home=home, port=port, late=late, modules=modules))
        with subprocess.Popen(["nginx", "-c", str(home / "nginx.conf")], stderr=subprocess.DEVNULL) as process:
            try:
                await_port(port)
                url = f"http://127.0.0.1:{port}"
                yield Api(url, "none-is-asked-for", _Counter(url))
            finally:
                process.terminate()


class _Counter:
    """How many requests nginx had since the last call, less the calls themselves."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/status"
        self._seen = self._count()

    def __call__(self) -> Log:
        seen, self._seen = self._seen, self._count()
        return Log(self._seen - seen - 1)

    def _count(self) -> int:
        found = re.search(r"requests\s+\d+ \d+ (\d+)", requests.get(self._url, timeout=30).text)
        if found is None:
            raise RuntimeError(f"{self._url} does not count requests")
        return int(found[1])
