/**
 * The screens of the desk, in the order in which they are offered. To add one: a module below `screens/` whose default
 * export is a component, and a line here; nothing else knows how many there are.
 *
 * A screen is given `api`, `city`, `lang`, `words` (of the desk), `format`, `live` (events as they happen, see live.js),
 * `alerts` (the list of the shell, null while unknown), `typed` (whether the key was just typed: take the focus),
 * `onRefused` (the key is no longer known) and `onAlerts` (alerts were changed here: read them again).
 *
 * `map` says whether it opens a map at once where there is room; `sees` whether an audience has it: the server decides
 * anyway what each may read. `bare` is without header.
 */
const inside = ({ audience }) => audience !== "public" && audience !== "citizen";
const keeping = ({ audience }) => ["coordination", "steward"].includes(audience);
const planning = ({ audience }) => ["planner", "roadworks", "coordination"].includes(audience);

export const SCREENS = [
  { id: "situation", path: "/pro/", title: { fr: "Situation", en: "Situation" }, load: () => import("./screens/situation.js"), sees: inside, map: true },
  { id: "alertes", path: "/pro/alertes", title: { fr: "Alertes", en: "Alerts" }, load: () => import("./screens/alerts.js"), sees: inside, bell: true },
  { id: "risque", path: "/pro/risque", title: { fr: "Prévision", en: "Forecast" }, load: () => import("./screens/risk.js"), sees: () => true, map: true },
  { id: "chantiers", path: "/pro/chantiers", title: { fr: "Chantiers et agenda", en: "Works and agenda" }, load: () => import("./screens/works.js"), sees: planning, map: true },
  { id: "matin", path: "/pro/matin", title: { fr: "Point du matin", en: "Morning brief" }, load: () => import("./screens/brief.js"), sees: planning },
  { id: "tableau", path: "/pro/tableau", title: { fr: "Tableau de bord", en: "Dashboard" }, load: () => import("./screens/dashboard.js"), sees: inside },
  { id: "moderation", path: "/pro/moderation", title: { fr: "Modération", en: "Moderation" }, load: () => import("./screens/moderation.js"), sees: keeping },
  { id: "sources", path: "/pro/sources", title: { fr: "Sources", en: "Sources" }, load: () => import("./screens/sources.js"), sees: inside },
  { id: "mur", path: "/pro/mur", title: { fr: "Mur", en: "Wall" }, load: () => import("./screens/wall.js"), sees: inside, bare: true },
];

/** The screens of an audience. */
export function seen(city) {
  return SCREENS.filter(({ sees }) => sees(city));
}

/** The screen at a path; the first that the audience has where it has no such one. */
export function screenAt(path, city) {
  const mine = seen(city);
  return mine.find((screen) => screen.path === path) ?? mine[0];
}
