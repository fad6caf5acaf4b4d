"""Orders of a TrafficRegulationPublication of DATEX II v3, cut into what holds at one place and time.

References
----------
.. [1] CEN/TS 16157, DATEX II version 3, `TrafficRegulation`; DiaLog (French ministry of transport) publishes with the
   extension `geoJsonGeometry`, the order's validity beside that of each regulation, and times of day with an offset.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from observatoire.works.exchange.datex_names import NS, TYPE

TRO = f"{{{NS['tro']}}}"
SPECIFICATION = f"{{{NS['com']}}}validityTimeSpecification"


@dataclass(frozen=True)
class Part:
    """Regulations of one order that hold at one place and time.

    Attributes
    ----------
    order : element
        The `trafficRegulationOrder`.
    regulations : list of elements
        Its regulations that share their conditions of time and place.
    number : str
        `.1`, `.2`… where the order has several parts, else empty.
    """

    order: Any
    regulations: list[Any]
    number: str

    @property
    def where(self) -> Any:
        """Return the element that says where."""
        return self.regulations[0] if self.regulations else self.order

    @property
    def when(self) -> list[Any]:
        """Return the specifications of time: those of the regulations, or else of the order."""
        return list(self.where.iter(SPECIFICATION)) or list(
            self.order.iterfind(f"{TRO}validityByOrder/{SPECIFICATION}")
        )

    @property
    def extent(self) -> str:
        """Return the code of what is taken.

        A ban of entry for some vehicles alone leaves the carriageway open to the others.
        """
        if any(_closes(regulation) for regulation in self.regulations):
            return "chaussee-fermee"
        types = {_type(e) for regulation in self.regulations for e in regulation.iterfind(f"{TRO}typeOfRegulation")}
        return "stationnement" if types == {"StandingOrParkingRestriction"} else "chaussee-reduite"


def parts(root: Any) -> Iterator[tuple[str, Part]]:
    """Return the parts of all orders, by the id of the order and the number of the part."""
    for order in root.iter(f"{TRO}trafficRegulationOrder"):
        found: dict[tuple[str, ...], list[Any]] = {}
        for regulation in order.iterfind(f"{TRO}trafficRegulation"):
            found.setdefault(_conditions(regulation), []).append(regulation)
        name = str(order.get("id", ""))
        for number, regulations in enumerate(found.values() or [[]], 1):
            suffix = f".{number}" if len(found) > 1 else ""
            yield name + suffix, Part(order, regulations, suffix)


def _conditions(regulation: Any) -> tuple[str, ...]:
    """Return what the conditions of time and place say, to tell those that are the same."""
    kinds = ("ValidityCondition", "LocationCondition")
    return tuple(
        " ".join("".join(e.itertext()).split()) for e in regulation.iter(f"{TRO}conditions") if _type(e) in kinds
    )


def _closes(regulation: Any) -> bool:
    """Say whether nobody may enter: a ban that is not for some vehicles or users alone."""
    banned = "noEntry" in [e.text for e in regulation.iter(f"{TRO}accessRestrictionType")]
    some = ("VehicleCondition", "NonVehicularRoadUserCondition", "AccessCondition")
    only = [e for e in regulation.iter(f"{TRO}conditions") if _type(e) in some]
    return banned and all(e.findtext(f"{TRO}negate", "false").strip() in ("true", "1") for e in only)


def _type(element: Any) -> str:
    return str(element.get(TYPE, "")).rpartition(":")[2]
