"""CQL2, the filter language of OGC APIs, to bound SQL of PostGIS."""

from observatoire.cql2.compile import Compiled, compile_filter
from observatoire.cql2.errors import FilterError, refused_by_database
from observatoire.cql2.functions import functions
from observatoire.cql2.queryables import Queryable, queryable, queryables_of

_FILTERS = "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/"
_CQL2 = "http://www.opengis.net/spec/cql2/1.0/conf/"
#: Conformance classes of CQL2 and of the filter parameter that hold. (The server declares queryables and the like.)
CONFORMANCE = (
    _FILTERS + "filter",
    _FILTERS + "features-filter",
    *(_CQL2 + name for name in (
        "cql2-text", "cql2-json", "basic-cql2", "advanced-comparison-operators", "case-insensitive-comparison",
        "accent-insensitive-comparison", "basic-spatial-functions", "basic-spatial-functions-plus", "spatial-functions",
        "temporal-functions", "array-functions", "property-property", "functions", "arithmetic",
    )),
)  # fmt: skip

__all__ = [
    "CONFORMANCE",
    "Compiled",
    "FilterError",
    "Queryable",
    "compile_filter",
    "functions",
    "queryable",
    "queryables_of",
    "refused_by_database",
]
