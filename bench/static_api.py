"""TMDB's details as files behind nginx, so that the API's side costs next to nothing: nginx-light, from Debian."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from servers import Api, await_port

CONFIG = """
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
  server {{ listen 127.0.0.1:{port} backlog=1024; root {home}/files; }}
}}
"""


def is_there() -> bool:
    """Whether nginx is installed."""
    return shutil.which("nginx") is not None


@contextmanager
def static_api(bodies: Mapping[str, bytes]) -> Iterator[Api]:
    """An nginx that answers `/movie/<id>` with these bodies, whatever the query and the headers."""
    with tempfile.TemporaryDirectory(prefix="ingest-bench-nginx-") as made, socket.create_server(("127.0.0.1", 0)) as s:
        home, port = Path(made), s.getsockname()[1]
        s.close()
        home.chmod(0o755)  # nginx's workers are another user where root starts it
        files = home / "files" / "movie"
        files.mkdir(parents=True)
        for id, body in bodies.items():
            (files / id).write_bytes(body)
        (home / "nginx.conf").write_text(CONFIG.format(home=home, port=port))
        with subprocess.Popen(["nginx", "-c", str(home / "nginx.conf")], stderr=subprocess.DEVNULL) as process:
            try:
                await_port(port)
                yield Api(f"http://127.0.0.1:{port}", "none-is-asked-for")
            finally:
                process.terminate()
