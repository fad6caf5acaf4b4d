"""Ways on the street graph, networkx being the judge."""

import networkx as nx
import numpy as np
import pytest

from observatoire.works.network import Network

pytestmark = pytest.mark.unit


def test_ways_are_those_of_networkx_with_parallel_segments_and_closures() -> None:
    rng = np.random.default_rng(3)
    for _ in range(60):
        n, m = int(rng.integers(3, 12)), int(rng.integers(3, 30))
        u, v = rng.integers(0, n, m), rng.integers(0, n, m)
        u[0], v[0] = n - 1, 0
        length = rng.integers(1, 100, m).astype(float)
        walk = rng.random(m) < 0.8
        closed = np.unique(rng.integers(0, m, 3))
        network = Network(np.arange(m).astype(str).astype(object), u, v, length, {"walk": walk}, {})
        for mode, may in (("walk", walk), ("car", np.ones(m, dtype=bool))):
            graph = nx.MultiGraph()
            graph.add_nodes_from(range(n))
            graph.add_weighted_edges_from(
                (u[e], v[e], length[e]) for e in range(m) if may[e] and e not in closed and u[e] != v[e]
            )
            expected = nx.single_source_dijkstra_path_length(graph, 0)

            ways = network.distances([0], mode, closed)[0]

            assert ways.tolist() == [expected.get(node, np.inf) for node in range(n)]


def test_the_nearest_source_is_that_of_networkx_whatever_was_asked_before() -> None:
    """What is known of a few closures serves others: a hundred sets, asked of one network one after the other."""
    rng = np.random.default_rng(5)
    for _ in range(12):
        n, m = int(rng.integers(6, 25)), int(rng.integers(20, 60))
        u, v, length = rng.integers(0, n, m), rng.integers(0, n, m), rng.integers(1, 50, m).astype(float)
        u[0], v[0] = n - 1, 0
        walk = rng.random(m) < 0.9
        network = Network(np.arange(m).astype(str).astype(object), u, v, length, {"walk": walk}, {})
        for _ in range(100):
            closed = frozenset(rng.integers(0, m, int(rng.integers(0, 12))).tolist())
            graph = nx.MultiGraph()
            graph.add_nodes_from(range(n))
            graph.add_weighted_edges_from(
                (u[e], v[e], length[e]) for e in range(m) if walk[e] and e not in closed and u[e] != v[e]
            )
            expected = nx.multi_source_dijkstra_path_length(graph, {0, 1})

            far = network.nearest((0, 1), (2, n - 1, 0), "walk", closed, around=float(rng.choice([5, np.inf])))

            assert far == tuple(expected.get(node, np.inf) for node in (2, n - 1, 0))


@pytest.mark.parametrize(
    ("said", "values"),
    [("unique", {"id": ["a", "a"]}), ("length must be > 0 m", {"length": [1.0, 0.0]}), ("one length", {"u": [0]})],
)
def test_a_bad_graph_is_refused(said: str, values: dict) -> None:
    good = {"id": ["a", "b"], "u": [0, 1], "v": [1, 2], "length": [1.0, 2.0]}

    with pytest.raises(ValueError, match=said):
        Network(**{k: np.array(v) for k, v in (good | values).items()}, modes={}, stops={})
