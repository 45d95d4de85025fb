"""Model fields of the project."""

from typing import Any

from django.core.exceptions import FieldError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from core.crypto import open_bytes, seal_bytes


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """Text that the database holds only as AES-256-GCM ciphertext, bound to its model and column.

    It cannot be searched; keep a `lookup_hash` column beside it for equality.
    """

    @property
    def purpose(self) -> str:
        return f"{self.model._meta.label_lower}.{self.name}"

    def get_internal_type(self) -> str:
        return "BinaryField"

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        if value is None:
            return None
        text = str(value)
        sealed = seal_bytes(text.encode(), purpose=self.purpose) if text else b""
        return connection.Database.Binary(sealed)  # type: ignore[attr-defined] # every backend has its module

    def from_db_value(self, value: Any, expression: object, connection: BaseDatabaseWrapper) -> str | None:
        if value is None:
            return None
        sealed = bytes(value)
        return open_bytes(sealed, purpose=self.purpose).decode() if sealed else ""

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name == "isnull":
            return super().get_lookup(lookup_name)
        raise FieldError(f"{self.purpose} is encrypted and cannot be searched; use its look-up column")
