"""Ports that can be had: asked before a child is started, so that the answer is plain.

Two servers can share a port without noticing, so this is not left to the web process.
"""

from __future__ import annotations

import socket
from dataclasses import replace

from adapter.errors import Issue, SettingsInvalid
from adapter.settings import Settings


def with_ports(settings: Settings) -> Settings:
    """The settings with a free port for 0. SettingsInvalid when one cannot be had."""
    issues: list[Issue] = []
    port = _free_port(settings.host, settings.port, "PORT", issues)
    if settings.metrics_port:
        _free_port("127.0.0.1", settings.metrics_port, "METRICS_PORT", issues)
    if issues:
        raise SettingsInvalid("a port cannot be had", issues=issues)
    return replace(settings, port=port)


def _free_port(host: str, port: int, place: str, issues: list[Issue]) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            return int(probe.getsockname()[1])
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or "no such port"
            message = f"{host}:{port}: {reason}"
            issues.append(Issue("error", "PORT_UNAVAILABLE", place, message))
            return port
