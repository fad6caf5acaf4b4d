/** The little geometry a screen needs, in longitude and latitude. */

/** All outer rings of a polygon or multipolygon. */
function outerRings({ type, coordinates }) {
  return type === "MultiPolygon" ? coordinates.map(([ring]) => ring) : [coordinates[0]];
}

/** [west, south, east, north] of a polygon or multipolygon. */
export function bounds(geometry) {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of outerRings(geometry).flat()) {
    box[0] = Math.min(box[0], x);
    box[1] = Math.min(box[1], y);
    box[2] = Math.max(box[2], x);
    box[3] = Math.max(box[3], y);
  }
  return box;
}

/** Signed area and centroid of a ring, by the shoelace formula; degrees are good enough to place a word. */
function moments(ring) {
  const [x0, y0] = ring[0]; // sums are taken from a corner: the ring is small beside its coordinates
  let [area, x, y] = [0, 0, 0];
  for (let i = 1; i < ring.length; i++) {
    const [ax, ay, bx, by] = [ring[i - 1][0] - x0, ring[i - 1][1] - y0, ring[i][0] - x0, ring[i][1] - y0];
    const cross = ax * by - bx * ay;
    area += cross / 2;
    x += ((ax + bx) * cross) / 6;
    y += ((ay + by) * cross) / 6;
  }
  return { area, centre: area === 0 ? ring[0] : [x0 + x / area, y0 + y / area] };
}

/** The centroid of the largest part of a polygon or multipolygon. */
export function centre(geometry) {
  const parts = outerRings(geometry).map(moments);
  return parts.reduce((best, part) => (Math.abs(part.area) > Math.abs(best.area) ? part : best)).centre;
}

/** Is the point inside? Even-odd rule over every ring, so that holes count. */
export function contains({ type, coordinates }, [x, y]) {
  const rings = type === "MultiPolygon" ? coordinates.flat() : coordinates;
  let inside = false;
  for (const ring of rings) {
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      const [[ax, ay], [bx, by]] = [ring[i], ring[j]];
      if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
    }
  }
  return inside;
}
