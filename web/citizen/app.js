/**
 * What a script adds to the residents' pages: everything here works without it, only less quickly.
 *
 * Each page gets the modules that it has elements for; the map and the form are asked for when they are wanted.
 */
import { register } from "./install.js";

if (document.querySelector("#locate")) import("./locate.js").then(({ offerLocation }) => offerLocation());
if (document.querySelector("#views")) import("./views.js").then(({ offerMap }) => offerMap());

const offline = document.querySelector("#offline");
const showOffline = () => (offline.hidden = navigator.onLine);
addEventListener("online", showOffline);
addEventListener("offline", showOffline);
showOffline();
register();
