"""A language model that puts the answer of an investigation into words: any endpoint with OpenAI's chat completions."""

from integrations.llm.integration import LanguageModels

__all__ = ["LanguageModels"]
