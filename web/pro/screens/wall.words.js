/** All that the wall says. */
export const TEXTS = {
  fr: {
    frozen: (since) => `DONNÉES FIGÉES depuis ${since} — nouvelle tentative…`,
    starting: "Connexion…",
    alerts: (n) => (n === 0 ? "Aucune alerte" : n === 1 ? "1 alerte" : `${n} alertes`),
    severities: { urgent: "Urgent", warning: "À voir", info: "Pour information" },
    trends: "Tendances",
    ages: "Dernières nouvelles",
    now: "Aujourd’hui",
    day: (n) => `${n} événements sur le dernier jour connu`,
    updated: (when) => `mis à jour à ${when}`,
    leave: "Quitter le mur",
  },
  en: {
    frozen: (since) => `DATA FROZEN since ${since} — trying again…`,
    starting: "Connecting…",
    alerts: (n) => (n === 0 ? "No alert" : n === 1 ? "1 alert" : `${n} alerts`),
    severities: { urgent: "Urgent", warning: "To see", info: "For information" },
    trends: "Trends",
    ages: "Last news",
    now: "Today",
    day: (n) => `${n} events on the last day known`,
    updated: (when) => `updated at ${when}`,
    leave: "Leave the wall",
  },
};
