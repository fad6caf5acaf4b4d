import { Map, NavigationControl, Popup } from "maplibre-gl";

const map = new Map({ container: "map", style: "{{ base }}/styles/{{ collection }}" });
map.addControl(new NavigationControl());
map.on("click", async ({ lngLat: { lng, lat } }) => {
  const box = [lng - 0.001, lat - 0.001, lng + 0.001, lat + 0.001];
  const answer = await fetch(`{{ base }}/collections/{{ collection }}/items?f=json&limit=5&bbox=${box}`);
  const { features } = await answer.json();
  new Popup().setLngLat([lng, lat]).setText(features.map(({ properties }) => properties.nature).join(", ") || "–").addTo(map);
});
