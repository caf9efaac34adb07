"""A Slack-compatible workspace on loopback. It imports nothing of the bot, its rules or its storage."""

from sandbox.clock import SandboxClock
from sandbox.controls import Scenario
from sandbox.forms import Form
from sandbox.installation import Installation
from sandbox.model import Channel, SlackMessage, SlackUser, UserGroup
from sandbox.sample_company import sample_people
from sandbox.sandbox import Sandbox

__all__ = [
    "Channel",
    "Form",
    "Installation",
    "Sandbox",
    "SandboxClock",
    "Scenario",
    "SlackMessage",
    "SlackUser",
    "UserGroup",
    "sample_people",
]
