"""What can be reported: the model of `layers/report-forms.yml`."""

from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from observatoire.data import root
from observatoire.errors import BadSettings
from observatoire.layers.model import Model
from observatoire.layers.nomenclature import codes, nomenclature
from observatoire.text import Text

#: Branch of the nomenclature whose codes can be reported.
BRANCH = "espace-public"
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,40}$")]


class Option(Model):
    """One answer to choose."""

    value: Code
    label: Text


class Question(Model):
    """A short question."""

    id: Code
    label: Text
    kind: Literal["choice", "number", "datetime", "boolean"]
    options: tuple[Option, ...] = ()
    required: bool = False
    unit: str | None = None
    least: float | None = None
    most: float | None = None

    @model_validator(mode="after")
    def _whole(self) -> "Question":
        if (self.kind == "choice") != bool(self.options):
            raise ValueError("a choice has options, another kind has none")
        if self.kind != "number" and (self.unit or self.least is not None or self.most is not None):
            raise ValueError("unit, least and most are for numbers")
        return self


class Route(Model):
    """Who handles a report that has these answers."""

    when: dict[str, str | bool]
    handled_by: str


class Category(Model):
    """One code that can be reported."""

    handled_by: str
    photo: bool
    urgent: Text | None = None
    questions: tuple[Question, ...] = ()
    routes: tuple[Route, ...] = ()


class Forms(Model):
    """All of it."""

    services: dict[str, Text]
    categories: dict[str, Category]
    privacy: Text

    @model_validator(mode="after")
    def _consistent(self) -> "Forms":
        if self.categories.keys() != codes(BRANCH).keys():
            raise ValueError(f"categories: expected the codes of {BRANCH}, each once")
        for code, category in self.categories.items():
            asked = {question.id for question in category.questions}
            named = {category.handled_by, *(route.handled_by for route in category.routes)}
            if strange := sorted(named - self.services.keys()):
                raise ValueError(f"categories.{code}: no service {', '.join(strange)}")
            if strange := sorted({name for route in category.routes for name in route.when} - asked):
                raise ValueError(f"categories.{code}.routes: no question {', '.join(strange)}")
        return self

    def handler(self, nature: str, answers: dict[str, Any]) -> Text:
        """Return who handles a report: the first route whose answers are given, else the category's service."""
        category = self.categories[nature]
        for route in category.routes:
            if all(answers.get(name) == value for name, value in route.when.items()):
                return self.services[route.handled_by]
        return self.services[category.handled_by]


@cache
def forms(path: Path | None = None) -> Forms:
    """Read the forms.

    Raises
    ------
    BadSettings
        If the file is not YAML, or does not follow the model; the text says where.
    """
    file = path or root() / "layers" / "report-forms.yml"
    try:
        return Forms.model_validate(yaml.safe_load(file.read_text("utf-8")))
    except yaml.YAMLError as error:
        raise BadSettings(f"{file.name}: not YAML: {error}") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise BadSettings(f"{file.name}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def group_of(nature: str) -> str:
    """Return the theme of a code."""
    themes = nomenclature().domains[BRANCH].themes
    return next(name for name, theme in themes.items() if nature in theme.codes)
