"""What a collection is: the model of `layers/catalog/<collection>.yml`. Unknown keys are refused."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from observatoire.text import Text

Audience = Literal["public", "citizen", "planner", "roadworks", "coordination", "steward", "auditor", "admin"]
AUDIENCES: tuple[Audience, ...] = (
    "public", "citizen", "planner", "roadworks", "coordination", "steward", "auditor", "admin",
)  # fmt: skip
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
Color = Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")]

#: Columns that every table has, whatever the layer file says (DESIGN, decision 9). A layer that wants to show one
#: names it among its properties.
SYSTEM = ("source", "source_key", "load_id", "origin", "precision", "until", "accuracy")
ORIGINS = ("reported", "discovered", "sensor", "administrative", "simulated", "derived")
PRECISIONS = ("second", "minute", "hour", "day", "month", "year")


class Model(BaseModel):
    """Closed and immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Property(Model):
    """One property, in the words of JSON Schema and x-ogc-*."""

    type: Literal["string", "integer", "number", "boolean"]
    format: Literal["date-time", "date"] | None = None
    role: Literal["id", "primary-instant"] | None = None
    unit: str | None = None
    title: Text | None = None
    codes: str | None = Field(default=None, description="A branch of layers/nomenclature.yml")
    required: bool = False
    audience: tuple[Audience, ...] | None = Field(
        default=None, description="Who may see it; unset: whoever sees the layer"
    )


class Privacy(Model):
    """Who may see a collection, how precisely, for how long, and what may never enter it."""

    audience: tuple[Audience, ...]
    rounding: float | None = Field(default=None, gt=0, description="Positions are shown rounded to this, m")
    exact: tuple[Audience, ...] = Field(default=(), description="Audiences that see the position as it was loaded")
    purpose: str | None = Field(default=None, description="A code of `finalites`; the register says it")
    basis: str | None = Field(default=None, description="A code of `bases-legales`")
    retention: Annotated[str, Field(pattern=r"^P\d+[YMD]$")] | None = None
    never: tuple[str, ...] = ()


class StyleClass(Model):
    """One line of the legend: a code, or the lower bound of a range."""

    value: str | None = None
    least: float | None = None
    color: Color
    label: Text

    @model_validator(mode="after")
    def _one_of(self) -> "StyleClass":
        if (self.value is None) == (self.least is None):
            raise ValueError("a style class has either `value` or `least`")
        return self


class Style(Model):
    """A plain colour, or classes of one property."""

    color: Color | None = None
    property: str | None = None
    classes: tuple[StyleClass, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> "Style":
        if (self.color is None) == (self.property is None):
            raise ValueError("a style has either `color` or `property` with `classes`")
        if self.property is not None and not self.classes:
            raise ValueError("style.classes is empty")
        return self


class Layer(Model):
    """A collection: one file of the catalogue."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,40}$")]
    title: Text
    description: Text
    license: str
    geometry: Literal["Point", "LineString", "MultiPolygon", "Polygon"]
    properties: dict[Name, Property]
    privacy: Privacy
    style: Style

    @field_validator("properties")
    @classmethod
    def _roles(cls, properties: dict[str, Property]) -> dict[str, Property]:
        roles = [p.role for p in properties.values() if p.role]
        if roles.count("id") != 1 or len(roles) != len(set(roles)):
            raise ValueError("exactly one property has `role: id`, at most one `role: primary-instant`")
        return properties

    @model_validator(mode="after")
    def _consistent(self) -> "Layer":
        if both := sorted(set(self.privacy.never) & set(self.properties)):
            raise ValueError(f"privacy.never names a property: {', '.join(both)}")
        if self.style.property is not None and self.style.property not in self.properties:
            raise ValueError(f"style.property is not a property: {self.style.property}")
        if self.privacy.rounding is None and self.privacy.exact:
            raise ValueError("privacy.exact without privacy.rounding")
        for name, prop in self.properties.items():
            if prop.role == "primary-instant" and prop.format != "date-time":
                raise ValueError(f"properties.{name}: a primary-instant has `format: date-time`")
        return self

    @property
    def graduated(self) -> bool:
        """True where the classes of its style are ranges."""
        return any(c.least is not None for c in self.style.classes)

    @property
    def table(self) -> str:
        """Name of its table and of its views."""
        return self.id.replace("-", "_")

    @property
    def id_field(self) -> str:
        """Name of the property that identifies an item."""
        return next(n for n, p in self.properties.items() if p.role == "id")

    @property
    def time_field(self) -> str | None:
        """Name of the property that says when, if there is one."""
        return next((n for n, p in self.properties.items() if p.role == "primary-instant"), None)

    def visible_to(self, audience: Audience) -> bool:
        """Tell whether `audience` may see the collection; what is not named is denied."""
        return "public" in self.privacy.audience or audience in self.privacy.audience

    def properties_for(self, audience: Audience) -> dict[str, Property]:
        """Return what `audience` may see, in the order of the file; empty where it may not see the layer."""
        if not self.visible_to(audience):
            return {}
        return {
            n: p for n, p in self.properties.items()
            if p.audience is None or "public" in p.audience or audience in p.audience
        }  # fmt: skip

    def exact_for(self, audience: Audience) -> bool:
        """Tell whether `audience` sees positions as they were loaded."""
        return self.privacy.rounding is None or audience in self.privacy.exact
