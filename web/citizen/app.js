/**
 * What a script adds to the residents' pages: everything here works without it, only less quickly.
 *
 * Each page gets the modules that it has elements for; the map and the form are asked for when they are wanted.
 */
import { register } from "./install.js";

const has = (selector) => document.querySelector(selector) !== null;
if (has("#locate")) import("./locate.js").then(({ offerLocation }) => offerLocation());
if (has("#views")) import("./views.js").then(({ offerMap }) => offerMap());
if (has("#report")) import("./report.js");
if (has("#mine")) import("./mine.js");
if (has("#follow")) import("./follow.js");

const offline = document.querySelector("#offline");
const showOffline = () => (offline.hidden = navigator.onLine);
addEventListener("online", showOffline);
addEventListener("offline", showOffline);
showOffline();
register();
import("./outbox.js").then(({ keepSending }) => keepSending());
