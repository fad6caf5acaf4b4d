"""The lattice of cells."""

import numpy as np
import pytest
import shapely

from observatoire.risk.grid import Grid
from observatoire.risk.smooth import smooth

pytestmark = pytest.mark.unit

SQUARE = (0.0, 0.0, 1000.0, 500.0)


def test_a_rectangle_is_covered_by_its_cells() -> None:
    grid = Grid.covering(SQUARE, cell=250, crs="EPSG:2154")

    assert grid.n_cells == 8
    assert grid.area_km2 == pytest.approx(0.5)
    assert shapely.union_all(grid.polygons()).equals(shapely.box(*SQUARE))


def test_cells_whose_centre_lies_in_the_sea_are_left_out() -> None:
    grid = Grid.covering(shapely.box(0, 0, 370, 250), cell=250, crs="EPSG:2154")

    assert grid.centres.tolist() == [[125.0, 125.0]]


def test_cells_of_the_european_grid_bear_its_names() -> None:
    grid = Grid.covering((3_942_600, 2_471_400, 3_942_800, 2_471_600), cell=200, crs="EPSG:3035")

    assert grid.cell_id.tolist() == ["CRS3035RES200mN2471400E3942600"]


def test_a_point_belongs_to_the_cell_on_whose_lower_left_sides_it_lies() -> None:
    grid = Grid.covering(SQUARE, cell=250, crs="EPSG:2154")

    cells = grid.locate([[0, 0], [250, 0], [999.9, 499.9], [1000, 0], [-0.1, 0], [np.nan, 5]])

    assert cells.tolist() == [0, 1, 7, -1, -1, -1]


def test_a_hole_in_the_grid_is_outside() -> None:
    grid = Grid.of_cells(["a", "b"], [0.5, 500.5], [0, 0], cell=250, crs="EPSG:2154")

    assert grid.locate([[10, 10], [300, 10], [600, 10]]).tolist() == [0, -1, 1]


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        ([0, 100], [0, 0], "one lattice"),
        ([0, 0], [0, 0], "same place"),
        ([0, np.nan], [0, 0], "finite"),
        ([], [], "no cell"),
    ],
)
def test_cells_that_are_not_a_lattice_are_refused(x: list[float], y: list[float], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Grid.of_cells(list(range(len(x))), x, y, cell=250, crs="EPSG:2154")


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3435", "EPSG:0", "Lambert"])
def test_a_crs_that_is_not_in_metres_is_refused(crs: str) -> None:
    with pytest.raises(ValueError, match="crs"):
        Grid.covering(SQUARE, cell=250, crs=crs)


def test_a_cell_larger_than_the_area_is_refused() -> None:
    with pytest.raises(ValueError, match="larger than the area"):
        Grid.covering((0, 0, 100, 100), cell=5000, crs="EPSG:2154")


def test_the_grid_of_events_closes_gaps_but_does_not_widen() -> None:
    at = np.array([[c, r] for c in (0, 1, 2) for r in (0, 1, 2) if (c, r) != (1, 1)]) * 100 + 50

    grid = Grid.of_events(at.astype(float), cell=100, crs="EPSG:2154")

    assert grid.n_cells == 9
    assert (grid.x_min.min(), grid.x_min.max(), grid.y_min.min(), grid.y_min.max()) == (0, 200, 0, 200)


def test_smoothing_keeps_a_constant_up_to_the_coast() -> None:
    grid = Grid.covering(shapely.Point(0, 0).buffer(2000), cell=250, crs="EPSG:2154")

    assert smooth(np.full(grid.n_cells, 3.0), grid, bandwidth=600) == pytest.approx(3.0)


def test_smoothing_far_from_the_coast_is_the_gaussian() -> None:
    """Two cells aside at σ = 2 cells the kernel is exp(-1/2) of its middle; both ways of computing agree."""
    near, wide = (Grid.covering((0, 0, 50 * n, 50 * 41), cell=50, crs="EPSG:2154") for n in (41, 1001))
    for grid in (near, wide):
        one = np.zeros(grid.n_cells)
        middle = int(grid.locate([[1025, 1025]])[0])
        one[middle] = 1.0

        blurred = smooth(one, grid, bandwidth=100)

        assert blurred[middle + 2] / blurred[middle] == pytest.approx(np.exp(-0.5))
