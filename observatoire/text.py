"""A text in the languages of the observatory."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Language = Literal["fr", "en"]


class Text(BaseModel):
    """French and English, always both."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fr: str
    en: str

    def in_(self, language: str) -> str:
        """Return the text in `language`; English for any language but French."""
        return self.fr if language.startswith("fr") else self.en
