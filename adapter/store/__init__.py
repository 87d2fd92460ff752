"""The store: tables, transactions, and one module for each kind of thing kept.

Every public function takes the open ``Store`` and is its own transaction, or takes a
``Connection`` and is part of the caller's.
"""

from adapter.store.engine import Store, open_store
from adapter.store.migrate import migrate

__all__ = ["Store", "migrate", "open_store"]
