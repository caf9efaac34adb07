"""The policy file's rules: what a workspace decides about severities, teams, alerts and links."""

from warroom.policy.check import Checked, check
from warroom.policy.mistake import Mistake
from warroom.policy.model import FieldType, Links, Policy, Template, TemplateField, Workspace
from warroom.policy.rule import Joining, Opening, Rule, When
from warroom.policy.severity import Severity
from warroom.policy.team import Level, Team

__all__ = [
    "Checked",
    "FieldType",
    "Joining",
    "Level",
    "Links",
    "Mistake",
    "Opening",
    "Policy",
    "Rule",
    "Severity",
    "Team",
    "Template",
    "TemplateField",
    "When",
    "Workspace",
    "check",
]
