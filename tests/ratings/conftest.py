"""A line is as long as a contract and a case, so it wants the same place and files of its own."""

from tests.contracts.conftest import _files_of_its_own, where

__all__ = ["_files_of_its_own", "where"]
