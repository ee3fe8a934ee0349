"""How the simulator makes pseudonyms: what stays of a person, and the two shapes it is put in.

What stays of a person is its *essence*: for the irreversible types the HMAC-SHA-256 of the values,
for type `L` the value itself. A definitive pseudonym, `DP-<type>-<key version>-<base64url>`, is the
essence under AES-SIV: equal persons get equal pseudonyms, and a new key version can take the
essence over. A temporary one, a token, has the shape of the sample in the ZorgTTP slides of 2026,
`WS<29 letters and digits>-P-<type>-<key version>/<base64>`, and holds the essence under AES-GCM
with a new nonce: it says nothing to who has no key, it is another one each time, and it survives a
restart of the simulator.
"""

from __future__ import annotations

import binascii
import hmac
import re
import secrets
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

if TYPE_CHECKING:
    from collections.abc import Sequence

REVERSIBLE = "L"

_TOKEN = re.compile(r"(WS[A-Za-z0-9]{29}-P-([A-Z])-([A-Z]))/([A-Za-z0-9+/]+={0,2})")
_DEFINITIVE = re.compile(r"DP-([A-Z])-([A-Z])-([A-Za-z0-9_-]{22,})")
_NONCE_BYTES = 12

NEVER = 1 << 62
"""When a definitive pseudonym expires."""


class Scope(NamedTuple):
    """Within what a pseudonym is unique: a registry, and for type `L` the one centre."""

    registry: str
    kind: str
    source: str

    @property
    def key_name(self) -> str:
        """Name the keys of this scope."""
        parts = self if self.kind == REVERSIBLE else self[:2]
        return "|".join(parts)


class Content(NamedTuple):
    """What a pseudonym holds: whose it is, the essence of the person, and until when."""

    scope: Scope
    essence: bytes
    expires: int = NEVER


class Token(NamedTuple):
    """A temporary pseudonym, taken apart but not opened."""

    label: str
    kind: str
    version: str
    box: str


class Definitive(NamedTuple):
    """A definitive pseudonym, taken apart but not opened."""

    kind: str
    version: str
    box: str


def parse(text: str) -> Token | Definitive | None:
    """Take a pseudonym apart, None when it has neither shape."""
    if match := _TOKEN.fullmatch(text):
        return Token(*match.groups())
    if match := _DEFINITIVE.fullmatch(text):
        return Definitive(*match.groups())
    return None


class Keys:
    """The keys of a simulator, all derived from the one key of its settings."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def essence(self, scope: Scope, values: Sequence[str]) -> bytes:
        """Make what stays of a person, the same under every key version."""
        message = "|".join(values).encode()
        if scope.kind == REVERSIBLE:
            return message
        return hmac.digest(
            _derived_key(self._key, f"person|{scope.key_name}", 32), message, "sha256"
        )

    def definitive(self, scope: Scope, version: str, essence: bytes) -> str:
        """Make the pseudonym that stays: equal essences, equal pseudonym."""
        box = self._siv(scope, version).encrypt(essence, None)
        return f"DP-{scope.kind}-{version}-{urlsafe_b64encode(box).decode().rstrip('=')}"

    def undo(self, pseudonym: Definitive, scope: Scope) -> Content | None:
        """Open a definitive pseudonym, None when it is not of this scope."""
        padding = "=" * (-len(pseudonym.box) % 4)
        try:
            box = urlsafe_b64decode(pseudonym.box + padding)
            essence = self._siv(scope, pseudonym.version).decrypt(box, None)
        except (binascii.Error, InvalidTag, ValueError):
            return None
        return Content(scope, essence)

    def seal(self, version: str, content: Content) -> str:
        """Make a token, a new one each time."""
        scope, essence, expires = content
        label = f"WS{secrets.token_hex(15)[:29]}-P-{scope.kind}-{version}"
        nonce = secrets.token_bytes(_NONCE_BYTES)
        plain = f"{scope.registry}|{scope.source}|{expires}|".encode() + essence
        box = nonce + self._gcm(version).encrypt(nonce, plain, label.encode())
        return f"{label}/{b64encode(box).decode()}"

    def open(self, token: Token) -> Content | None:
        """Open a token, None when this simulator did not make it."""
        try:
            box = b64decode(token.box, validate=True)
            nonce, content = box[:_NONCE_BYTES], box[_NONCE_BYTES:]
            plain = self._gcm(token.version).decrypt(nonce, content, token.label.encode())
        except (binascii.Error, InvalidTag, ValueError):
            return None
        registry, source, expires, essence = plain.split(b"|", 3)
        scope = Scope(registry.decode(), token.kind, source.decode())
        return Content(scope, essence, int(expires))

    def _siv(self, scope: Scope, version: str) -> AESSIV:
        return _siv(self._key, f"definitive|{scope.key_name}|{version}")

    def _gcm(self, version: str) -> AESGCM:
        return _gcm(self._key, f"token|{version}")


# Making a cipher costs more than using it, and there are few: kept for as long as we run.
@cache
def _siv(key: bytes, purpose: str) -> AESSIV:
    return AESSIV(_derived_key(key, purpose, 64))


@cache
def _gcm(key: bytes, purpose: str) -> AESGCM:
    return AESGCM(_derived_key(key, purpose, 32))


@cache
def _derived_key(key: bytes, purpose: str, length: int) -> bytes:
    return HKDF(SHA256(), length, salt=None, info=purpose.encode()).derive(key)
