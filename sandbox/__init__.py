"""A Slack-compatible workspace on loopback. Imports none of the other rooms."""

from sandbox.clock import SandboxClock
from sandbox.drive import Sandbox
from sandbox.forms import Form
from sandbox.installation import Installation
from sandbox.model import Channel, Message, Person, UserGroup
from sandbox.people import sample_people
from sandbox.scenes import Scene

__all__ = [
    "Channel",
    "Form",
    "Installation",
    "Message",
    "Person",
    "Sandbox",
    "SandboxClock",
    "Scene",
    "UserGroup",
    "sample_people",
]
