"""Delivery: states, retry, lanes, the worker, and what a recipient answers."""
