"""Encrypts LLM keys. The encryption key is in a separate file or in the environment, so the store alone does not reveal them."""

from __future__ import annotations

import base64
import binascii
import os
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

from onward.errors import BadSetting
from onward.message import Message
from onward.private_files import create_folder

FILE_NAME = "sealing.key"
_KEY_BYTES = 32
_HINT = "Create one: openssl rand -base64 32 | tr +/ -_"


class Sealer:
    """Encrypts and decrypts texts with *key* (32 bytes in URL-safe base64) or, without one, the key file in *home*, created if missing."""

    def __init__(self, home: Path, key: str = "") -> None:
        self._path = home / FILE_NAME
        self._configured_key = key

    def seal(self, text: str) -> bytes:
        """Return *text* encrypted. Raises `BadSetting` if the key is invalid or the key file cannot be read or created."""
        from cryptography.fernet import Fernet

        return Fernet(self._load_key(create=True)).encrypt(text.encode())

    def open(self, sealed: bytes) -> str | None:
        """Return the decrypted text; None if it was encrypted with another key. Raises `BadSetting`."""
        from cryptography.fernet import Fernet, InvalidToken

        key = self._load_key(create=False)
        try:
            return Fernet(key).decrypt(sealed).decode() if key else None
        except (InvalidToken, UnicodeDecodeError):
            return None

    def _load_key(self, *, create: bool) -> bytes:
        if self._configured_key:
            return _validate_key(self._configured_key, "ONWARD_SEALING_KEY")
        try:
            encoded = self._path.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            if not create:
                return b""
            encoded = self._create_key_file()
        except (OSError, UnicodeDecodeError) as error:
            raise BadSetting(
                Message("Cannot read {path}.", path=self._path),
                "Check its owner and permissions. Stored LLM keys cannot be decrypted without this file.",
            ) from error
        if os.name == "posix":
            # A restored copy of the file may be readable by others.
            with suppress(OSError):
                self._path.chmod(0o600)
        return _validate_key(encoded, str(self._path))

    def _create_key_file(self) -> str:
        """Create the key file atomically and return its key; if another process created it first, return that key."""
        new_key = base64.urlsafe_b64encode(os.urandom(_KEY_BYTES)).decode()
        temporary = self._path.with_name(f"{FILE_NAME}.{token_hex(4)}")
        try:
            create_folder(self._path.parent)
            with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
                file.write(new_key + "\n")
                file.flush()
                os.fsync(file.fileno())
            try:
                with suppress(FileExistsError):
                    os.link(temporary, self._path)
            finally:
                temporary.unlink()
            return self._path.read_text(encoding="ascii").strip()
        except OSError as error:
            raise BadSetting(
                Message("Cannot create {path}: {problem}.", path=self._path, problem=error.strerror),
                "Check the permissions of the folder, or set ONWARD_SEALING_KEY.",
            ) from error


def _validate_key(encoded: str, origin: str) -> bytes:
    try:
        key = base64.b64decode(encoded.encode().replace(b"-", b"+").replace(b"_", b"/"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != _KEY_BYTES:
        raise BadSetting(Message("{origin} is not a key of {size} bytes in base64.", origin=origin, size=_KEY_BYTES), _HINT)
    return base64.urlsafe_b64encode(key)
