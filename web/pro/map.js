/** The desk's map: draws what the list says, and tells the list what was touched. */
import { lookAt } from "../shared/look.js";
import { changeGround, drawCollection, drawGround, openMap, paintGround } from "../shared/map.js";
import { Component, createRef, html } from "../shared/ui.js";
import { read, write } from "../shared/address.js";
import { FIRST, NOWHERE } from "./data.js";

const DARK = matchMedia("(prefers-color-scheme: dark)");
const REACH_PX = 5;
const NONE = { type: "FeatureCollection", features: [] };
/** From the bottom up. */
const ORDER = ["risque", "chantiers", "evenements", "signalements", "faits"];

/**
 * @typedef {{style: object, features: object[], visible: boolean}} Drawn
 * @typedef {{bbox: number[], divisions: object, layers: Record<string, Drawn>, chosen: object | null, words: object,
 *   describe: (collection: string, properties: object) => string[], onChoose: (cell: string) => void}} Props
 */
export class DeskMap extends Component {
  frame = createRef();
  drawn = {};
  state = { away: false };

  async componentDidMount() {
    try {
      const { map, maplibre } = await openMap(this.frame.current, {
        bbox: this.props.bbox,
        locale: this.props.words.maplibre,
        camera: camera(read("at")),
      });
      Object.assign(this, { map, maplibre });
    } catch {
      this.setState({ away: true });
      return;
    }
    this.map.on("click", this.touch);
    this.map.on("idle", () => Object.keys(this.drawn).length > 0 && this.props.onDrawn?.());
    this.map.on("moveend", () => write({ at: place(this.map) }));
    DARK.addEventListener("change", this.paint);
    this.ground = this.props.divisions ?? NOWHERE; // the map need not wait for them
    drawGround(this.map, this.ground);
    this.paint();
    this.drawMark();
    this.update();
    if (this.props.chosen) lookAt(this.map, this.props.chosen.geometry);
  }

  componentWillUnmount() {
    DARK.removeEventListener("change", this.paint);
    this.map?.remove();
  }

  componentDidUpdate(before) {
    if (!this.map?.getSource("mark")) return;
    this.update();
    const { chosen } = this.props;
    const fromHere = chosen?.properties.cell_id === this.touched;
    this.touched = null;
    if (chosen && before.chosen !== chosen && !fromHere) lookAt(this.map, chosen.geometry);
  }

  paint = () => {
    this.busy();
    paintGround(this.map);
  };

  busy() {
    this.frame.current.dataset.state = "busy";
    this.map.triggerRepaint();
  }

  /** The chosen cell: a dark line and a light one, to be seen on any colour. */
  drawMark() {
    this.map.addSource("mark", { type: "geojson", data: NONE });
    const line = (id, color, width) => ({ id, type: "line", source: "mark", paint: { "line-color": color, "line-width": width } });
    this.map.addLayer(line("mark:edge", "#ffffff", 6));
    this.map.addLayer(line("mark:line", "#111111", 3));
  }

  /** Bring the map to what the properties say, touching only what changed. */
  update() {
    const { layers, chosen, divisions } = this.props;
    if (divisions && divisions !== this.ground) {
      this.ground = divisions;
      this.busy();
      changeGround(this.map, divisions);
    }
    for (const id of ORDER) {
      if (layers[id]) this.updateLayer(id, layers[id]);
    }
    if (this.marked !== chosen) {
      this.marked = chosen;
      this.busy();
      this.map.getSource("mark").setData(chosen ?? NONE);
    }
  }

  updateLayer(id, { style, features, visible }) {
    const was = this.drawn[id];
    if (was && was.features === features && was.visible === visible && was.style === style) return;
    this.busy();
    const data = { type: "FeatureCollection", features };
    const ids = was?.ids ?? this.draw(id, style, data);
    if (was && was.features !== features) this.map.getSource(id).setData(data);
    if (was && was.style !== style) this.repaint(id, style);
    for (const layer of ids) this.map.setLayoutProperty(layer, "visibility", visible ? "visible" : "none");
    this.drawn[id] = { ids, features, visible, style };
  }

  /** Give the layers of a collection the colours of another style of the same layers. */
  repaint(id, style) {
    for (const layer of style.layers) {
      for (const [name, value] of Object.entries(layer.paint ?? {})) this.map.setPaintProperty(`${id}:${layer.id}`, name, value);
    }
  }

  draw(id, style, data) {
    const ids = drawCollection(this.map, id, style, data, this.above(id));
    return id === "risque" ? [...ids, drawFirst(this.map, id, this.above(id))] : ids;
  }

  /** The map's layer under which a collection goes, whichever arrived first. */
  above(id) {
    if (id === "risque") return "divisions:line";
    const later = ORDER.slice(ORDER.indexOf(id) + 1).find((other) => this.drawn[other]);
    return later ? this.drawn[later].ids[0] : "names";
  }

  touch = ({ point, lngLat }) => {
    if (this.props.onPlace) return this.props.onPlace(lngLat);
    const found = (id) => this.hit(id, point);
    const cell = found("risque");
    if (cell) {
      this.touched = cell.properties.cell_id;
      this.props.onChoose(this.touched);
    }
    const id = ["faits", "signalements", "evenements", "chantiers"].find(found);
    if (id && this.props.onItem) this.props.onItem(`${id}.${found(id).id}`);
    else if (id) this.tell(id, found(id), lngLat);
    return undefined;
  };

  hit(id, { x, y }) {
    const layers = this.drawn[id]?.ids;
    if (!layers) return undefined;
    const reach = id === "risque" ? 0 : REACH_PX;
    return this.map.queryRenderedFeatures([[x - reach, y - reach], [x + reach, y + reach]], { layers })[0];
  }

  tell(id, { properties }, at) {
    const text = document.createElement("div");
    for (const line of this.props.describe(id, properties)) {
      text.append(Object.assign(document.createElement("p"), { textContent: line }));
    }
    new this.maplibre.Popup({ closeButton: true, focusAfterOpen: false }).setLngLat(at).setDOMContent(text).addTo(this.map);
  }

  render({ words }, { away }) {
    return html`
      <div class="map" id="map" ref=${this.frame} data-state="busy"></div>
      ${away && html`<p class="map-away" role="alert">${words.mapAway}</p>`}
    `;
  }
}

/** Outline the cells that the table lists. */
function drawFirst(map, source, before) {
  const paint = { "line-color": "#17232b", "line-width": ["interpolate", ["linear"], ["zoom"], 10, 1.2, 15, 2.5] };
  map.addLayer({ id: "first", type: "line", source, filter: ["<=", ["get", "rank"], FIRST], paint }, before);
  return "first";
}

/** Where the map looks, as `lon,lat,zoom`. */
function place(map) {
  const { lng, lat } = map.getCenter();
  return [lng.toFixed(5), lat.toFixed(5), map.getZoom().toFixed(2)].join(",");
}

function camera(at) {
  const numbers = (at ?? "").split(",").map(Number);
  if (numbers.length !== 3 || !numbers.every(Number.isFinite)) return null;
  const [lng, lat, zoom] = numbers;
  return { center: [lng, lat], zoom };
}
