"""One function per effect kind, by family; `SlackPerformer` picks the one."""

from integrations.slack.performers.performer import PERFORMERS, SlackPerformer

__all__ = ["PERFORMERS", "SlackPerformer"]
