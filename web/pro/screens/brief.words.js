/** All that the morning brief says on the screen. */
export const TEXTS = {
  fr: {
    title: "Point du matin",
    make: "Faire le point maintenant",
    making: "En cours…",
    page: "Le dernier, en page à imprimer",
    pdf: "Le dernier, en PDF",
    failed: "Le point n’a pas pu être fait. Réessayez.",
    of: (since, until) => `Depuis le ${since} ; établi le ${until}.`,
    alerts: "Alertes",
    states: { new: "nouvelle", open: "en cours", closed: "terminée" },
    changed: "Dernier jour connu",
    events: "Événements du jour",
    works: "Chantiers du jour",
    clashes: (days) => `Conflits des ${days} prochains jours`,
    forecast: "Prévision et constat",
    scored: (f, format) =>
      f.observed === null
        ? `${f.target} : rien n’est encore connu de la période qui commence le ${format.moment(f.as_of)}`
        : `${f.target} : ${format.number(f.observed)} constatés${f.expected === null ? ", sans prévision" : `, ${format.number(f.expected, 1)} attendus`}`,
    late: "Sources en retard",
    none: "Rien.",
  },
  en: {
    title: "Morning brief",
    make: "Make it now",
    making: "Being made…",
    page: "The last one, as a page to print",
    pdf: "The last one, as PDF",
    failed: "The brief could not be made. Try again.",
    of: (since, until) => `Since ${since}; made on ${until}.`,
    alerts: "Alerts",
    states: { new: "new", open: "open", closed: "over" },
    changed: "Last day known",
    events: "Today’s events",
    works: "Today’s works",
    clashes: (days) => `Clashes of the next ${days} days`,
    forecast: "Forecast beside what happened",
    scored: (f, format) =>
      f.observed === null
        ? `${f.target}: nothing is known yet of the period that begins on ${format.moment(f.as_of)}`
        : `${f.target}: ${format.number(f.observed)} observed${f.expected === null ? ", no forecast" : `, ${format.number(f.expected, 1)} expected`}`,
    late: "Late sources",
    none: "Nothing.",
  },
};
