"""The base of every made-up system of the tests: the sandbox's."""

from __future__ import annotations

from sandbox.vendors.system import Body, FakeSystem, Fault

__all__ = ["Body", "FakeSystem", "Fault"]
