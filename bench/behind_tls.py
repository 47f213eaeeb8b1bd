"""nginx in front of plain servers, so that clients reach them by TLS; among everybody's certificates, one for it."""

from __future__ import annotations

import datetime as dt
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path

import certifi
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from servers import await_port

HOST = "127.0.0.1"
CONFIG = """
worker_processes 1;
daemon off;
pid {home}/nginx.pid;
error_log {home}/error.log;
events {{ worker_connections 2048; }}
http {{
  access_log off;
  tcp_nodelay on;
  keepalive_requests 1000000;
  client_max_body_size 100m;
  client_body_temp_path {home}/t1; proxy_temp_path {home}/t2; fastcgi_temp_path {home}/t3;
  uwsgi_temp_path {home}/t4; scgi_temp_path {home}/t5;
  ssl_certificate {home}/own.pem;
  ssl_certificate_key {home}/own.pem;
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_set_header Host $http_host;
  {servers}
}}
"""
SERVER = """
  upstream u{port} {{ server {plain}; keepalive 128; }}
  server {{ listen 127.0.0.1:{port} ssl backlog=1024; location / {{ proxy_pass http://u{port}; }} }}
"""


@contextmanager
def behind_tls(plain: Sequence[str]) -> Iterator[tuple[list[str], Path]]:
    """`https://…` for each of these `http://…`, and a file of certificates, of which one vouches for them."""
    with tempfile.TemporaryDirectory(prefix="ingest-bench-tls-") as made:
        home, ports = Path(made), [_free_port() for _ in plain]
        home.chmod(0o755)  # nginx's workers are another user where root starts it
        bundle = _certificates(home)
        servers = [
            SERVER.format(port=port, plain=url.removeprefix("http://")) for port, url in zip(ports, plain, strict=True)
        ]
        (home / "nginx.conf").write_text(CONFIG.format(home=home, servers="".join(servers)))
        with subprocess.Popen(["nginx", "-c", str(home / "nginx.conf")], stderr=subprocess.DEVNULL) as process:
            try:
                for port in ports:
                    await_port(port)
                yield [f"https://{HOST}:{port}" for port in ports], bundle
            finally:
                process.terminate()


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as free:
        port: int = free.getsockname()[1]
        return port


def _certificates(home: Path) -> Path:
    """Writes a key and its certificate, and returns everybody's certificates with it."""
    key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bench")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))]), critical=False)
        .sign(key, hashes.SHA256())
        .public_bytes(Encoding.PEM)
    )
    (home / "own.pem").write_bytes(made + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    bundle = home / "all.pem"
    bundle.write_bytes(Path(certifi.where()).read_bytes() + b"\n" + made)
    return bundle
