"""Forms of integrations, as values: what is asked, and what was filled in. How they look is in `blocks.integration_form`."""

from __future__ import annotations

from warroom.value import Value


class FormText(Value):
    """A field to type in."""

    name: str
    label: str
    initial: str = ""
    hint: str = ""
    multiline: bool = False
    optional: bool = False
    limit: int = 3000
    """Characters."""


class FormChoice(Value):
    """One of several. `choices` are (what is shown, the value)."""

    name: str
    label: str
    choices: tuple[tuple[str, str], ...]
    initial: str | None = None
    hint: str = ""


class FormTick(Value):
    """A box that is ticked or not."""

    name: str
    label: str
    text: str
    """What is true when it is ticked."""
    initial: bool = False


FormField = FormText | FormChoice | FormTick


class IntegrationForm(Value):
    """A form about one incident. Sending it calls the integration's `submit`, which may answer with another form: a preview."""

    integration: str
    step: str
    """Which of its forms it is."""
    title: str
    submit: str
    """The words on the button."""
    note: str = ""
    """Plain text above the fields."""
    fields: tuple[FormField, ...] = ()
    carried: str = ""
    """What the form carries unseen from the one before, at most 2,500 characters."""


class FilledForm(Value):
    """What was filled in, by field; a box is "yes" or ""."""

    integration: str
    step: str
    values: dict[str, str]
    carried: str = ""


class FormErrors(Value):
    """What is wrong, by field."""

    fields: dict[str, str]


FormResult = IntegrationForm | FormErrors | None
"""The next form, what is wrong with this one, or None when it is done."""
