/** The service worker: pages that were read open without a network. */

/** Register it once the page is drawn; a browser without one, or one that refuses, loses nothing else. */
export function register() {
  if (!("serviceWorker" in navigator)) return;
  const start = () => navigator.serviceWorker.register("/sw.js", { type: "module" }).catch(() => {});
  if (document.readyState === "complete") start();
  else addEventListener("load", start);
}
