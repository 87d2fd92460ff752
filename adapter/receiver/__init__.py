"""A SIMULATED receiving provider over real HTTP, which misbehaves when told to.

For demonstrations and tests only, and with invented people only. It is no part of what
an adapter runs, and nothing of the adapter imports it.
"""

from adapter.receiver.app import create_receiver
from adapter.receiver.identity import Identity
from adapter.receiver.server import Receiver, run_receiver

__all__ = ["Identity", "Receiver", "create_receiver", "run_receiver"]
