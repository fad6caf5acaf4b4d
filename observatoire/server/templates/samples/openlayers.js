import { apply } from "ol-mapbox-style";

const map = await apply("map", "{{ base }}/styles/{{ collection }}");
map.on("click", async ({ coordinate: [x, y] }) => {
  const box = [x - 100, y - 100, x + 100, y + 100];
  const crs = "http://www.opengis.net/def/crs/EPSG/0/3857";
  const answer = await fetch(`{{ base }}/collections/{{ collection }}/items?f=json&limit=5&bbox-crs=${crs}&bbox=${box}`);
  const { features } = await answer.json();
  console.log(features.map(({ properties }) => properties));
});
