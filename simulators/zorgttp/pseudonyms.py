"""How the simulator makes pseudonyms: definitive ones by key, temporary ones around them.

A definitive pseudonym is `DP-<type>-<key version>-<base64url>`: HMAC-SHA-256 for the irreversible
types, AES-SIV for type `L`. A temporary one, a token, has the shape of the sample in the ZorgTTP
slides of 2026, `WS<29 letters and digits>-P-<type>-<key version>/<base64>`, and holds the
definitive pseudonym, sealed with AES-GCM under a new nonce: it says nothing to who has no key, it
is another one each time, and it survives a restart of the simulator.
"""

from __future__ import annotations

import binascii
import hmac
import json
import re
import secrets
from base64 import b64decode, b64encode, urlsafe_b64encode
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

if TYPE_CHECKING:
    from collections.abc import Sequence

REVERSIBLE = "L"

_TOKEN = re.compile(r"(WS[A-Za-z0-9]{29}-P-[A-Z]-[A-Z])/([A-Za-z0-9+/]+={0,2})")
_NONCE_BYTES = 12


class Sealed(NamedTuple):
    """What a token holds: whose it is, for whom, until when, and the definitive pseudonym."""

    source: str
    registry: str
    expires: int
    pseudonym: str


class Keys:
    """The keys of a simulator, all derived from the one key of its settings."""

    def __init__(self, key: str, version: str) -> None:
        self._key = key.encode()
        self._version = version

    def definitive(self, registry: str, source: str, kind: str, values: Sequence[str]) -> str:
        """Make the pseudonym that stays: equal values, equal pseudonym.

        An irreversible type is the same over all centres; type `L` is of its centre alone.
        """
        scope = f"{registry}|{kind}|{self._version}"
        message = "|".join(values).encode()
        if kind == REVERSIBLE:
            cipher = AESSIV(self._derive(f"{scope}|{source}", 64))
            content = cipher.encrypt(message, [scope.encode()])
        else:
            content = hmac.digest(self._derive(scope, 32), message, "sha256")
        text = urlsafe_b64encode(content).decode().rstrip("=")
        return f"DP-{kind}-{self._version}-{text}"

    def seal(self, kind: str, content: Sealed) -> str:
        """Make a token, a new one each time."""
        label = f"WS{secrets.token_hex(15)[:29]}-P-{kind}-{self._version}"
        nonce = secrets.token_bytes(_NONCE_BYTES)
        plain = json.dumps(content).encode()
        box = nonce + self._token_cipher().encrypt(nonce, plain, label.encode())
        return f"{label}/{b64encode(box).decode()}"

    def open(self, token: str) -> Sealed | None:
        """Read a token back, or give None when this simulator did not make it."""
        match = _TOKEN.fullmatch(token)
        if match is None:
            return None
        label, text = match.groups()
        try:
            box = b64decode(text, validate=True)
            nonce, content = box[:_NONCE_BYTES], box[_NONCE_BYTES:]
            plain = self._token_cipher().decrypt(nonce, content, label.encode())
        except (binascii.Error, InvalidTag, ValueError):
            return None
        return Sealed(*json.loads(plain))

    def _token_cipher(self) -> AESGCM:
        return AESGCM(self._derive("token", 32))

    def _derive(self, purpose: str, length: int) -> bytes:
        return _derived_key(self._key, purpose, length)


@cache
def _derived_key(key: bytes, purpose: str, length: int) -> bytes:
    return HKDF(SHA256(), length, salt=None, info=purpose.encode()).derive(key)
