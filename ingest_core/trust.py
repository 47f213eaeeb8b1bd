"""Which certificates a handle of libcurl trusts: those of a file; and once a host was reached by them, the few it took.

OpenSSL reads the whole file for each handle, which takes 4 ms and 0.7 MB with the file that everybody has. No handle is
given more than the file: a host whose chain leads elsewhere one day is asked again by all of it.
"""

from __future__ import annotations

import re
import threading
from base64 import b64decode
from pathlib import Path

import pycurl

# As OpenSSL reads them: what is indented, or behind a sign of comment, is none.
_CERTIFICATE = re.compile(
    rb"^-----BEGIN CERTIFICATE-----\r?\n([A-Za-z0-9+/=\r\n]+)^-----END CERTIFICATE-----", re.MULTILINE
)
_BEGINNING = b"-----BEGIN "
_TOO_FEW = {pycurl.E_PEER_FAILED_VERIFICATION, pycurl.E_SSL_CACERT_BADFILE}
_TAGGED_VERSION = 0xA0


class Trust:
    """The certificates in `file` (PEM), for any number of handles and hosts. Thread-safe."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._needed: dict[str, bytes] = {}  # by host; empty where it takes the whole file

    def give(self, curl: pycurl.Curl, host: str) -> bool:
        """Has `curl` trust what `host` takes; whether that is less than the file. To be called before it connects."""
        needed = self._needed.get(host)
        if needed:
            curl.setopt(pycurl.CAINFO_BLOB, needed)
        else:
            curl.unsetopt(pycurl.CAINFO_BLOB)
            curl.setopt(pycurl.CAINFO, self._file)
        curl.setopt(pycurl.OPT_CERTINFO, needed is None)
        return bool(needed)

    def learn(self, curl: pycurl.Curl, host: str) -> None:
        """To be called when `curl` has been answered by `host`: it tells the chain, where it has just been given it."""
        if host in self._needed:
            return
        chain = [value for told in curl.getinfo(pycurl.INFO_CERTINFO) for name, value in told if name == "Cert"]
        if not chain:
            return
        with self._lock:
            if host not in self._needed:
                self._needed[host] = self._of("\n".join(chain).encode())

    def widen(self, host: str, error: int) -> bool:
        """A handle that was given less failed by this error of libcurl. Whether it may be for that.

        Then the whole file counts for `host` from now on.
        """
        if error in _TOO_FEW:
            self._needed[host] = b""
        return error in _TOO_FEW

    def _of(self, chain: bytes) -> bytes:
        """What of the file can have vouched for `chain`, as PEM; nothing where that cannot be told."""
        try:
            names = {name for _, *both in _certificates(chain) for name in both}
            return b"\n".join(
                pem for pem, _, subject in _certificates(Path(self._file).read_bytes()) if subject in names
            )
        except (OSError, ValueError, IndexError):
            return b""


def _certificates(text: bytes) -> list[tuple[bytes, bytes, bytes]]:
    """Each certificate in `text` as PEM, with the names of its issuer and its subject, in DER.

    Raises ValueError where anything else begins in it, or nearly does: it is not for us to say what counts.
    """
    found = list(_CERTIFICATE.finditer(text))
    if len(found) != text.count(_BEGINNING):
        raise ValueError
    return [(one[0], *_names(b64decode(one[1]))) for one in found]


def _names(certificate: bytes) -> tuple[bytes, bytes]:
    """Issuer and subject of a certificate (RFC 5280, 4.1): version, serial, signature, issuer, validity, subject."""
    _, at, _ = _element(certificate, 0)
    _, at, _ = _element(certificate, at)
    tag, _, end = _element(certificate, at)
    if tag == _TAGGED_VERSION:
        _, _, end = _element(certificate, end)
    _, _, issuer = _element(certificate, end)
    _, _, validity = _element(certificate, issuer)
    _, _, subject = _element(certificate, validity)
    _, _, end = _element(certificate, subject)
    return certificate[issuer:validity], certificate[subject:end]


def _element(data: bytes, at: int) -> tuple[int, int, int]:
    """Tag of the DER element at `at`, where its content begins, and where it ends."""
    tag, size, at = data[at], data[at + 1], at + 2
    if size & 0x80:
        digits = size & 0x7F
        size, at = int.from_bytes(data[at : at + digits], "big"), at + digits
    return tag, at, at + size
