"""The demonstration of the main job: ``transition-adapter demo``."""

from adapter.demo.show import run_demo

__all__ = ["run_demo"]
