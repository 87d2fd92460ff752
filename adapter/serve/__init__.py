"""Running the adapter: a supervisor of web and workers, or one worker by itself."""

from adapter.serve.children import work
from adapter.serve.stop import Stop
from adapter.serve.supervisor import serve, wait_ready

__all__ = ["Stop", "serve", "wait_ready", "work"]
