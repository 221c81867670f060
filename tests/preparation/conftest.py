"""The installer's fixtures, for what prepares the hosts uses its folders."""

from tests.installer.conftest import own_folders

__all__ = ["own_folders"]
