import * as L from "leaflet";

const read = async (path) => (await fetch(`{{ base }}${path}`)).json();
const style = await read("/styles/{{ collection }}?f=json");
const items = await read("/collections/{{ collection }}/items?f=json&limit=1000&sortby=-date");
const colours = Object.fromEntries(style.metadata["obs:legend"].map(({ value, color }) => [value, color]));
const map = L.map("map").setView([...style.center].reverse(), style.zoom + 1);
L.geoJSON(items, {
  pointToLayer: ({ properties }, at) => L.circleMarker(at, { radius: 5, color: colours[properties.nature] }),
}).addTo(map);
