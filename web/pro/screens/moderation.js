/** Moderation: photos that wait for two keys, and what becomes of each report. */
import { read, write } from "../../shared/address.js";
import { say } from "../../shared/language.js";
import { html } from "../../shared/ui.js";
import { Photos } from "../moderation/photos.js";
import { Reports } from "../moderation/reports.js";
import { TEXTS } from "./moderation.words.js";
import { Reading, wordsOf } from "./part.js";

export default class Moderation extends Reading {
  state = { chosen: read("ref") };

  parts() {
    const on = ({ kind, collection }) => kind === "collection" && collection === "signalements";
    return {
      terms: { read: readTerms },
      held: { read: (api) => api.json("/reports/held"), on },
      reports: { read: (api) => api.json("/reports/open"), on },
    };
  }

  componentDidUpdate() {
    write({ ref: this.state.chosen });
  }

  /** Say a decision, and read the queue again whatever the answer: somebody else may have been quicker. */
  async act(path, body, then, failed) {
    if (this.busy) return;
    this.busy = true;
    this.setState({ told: null, busy: true });
    try {
      await this.props.api.post(path, body);
      this.setState({ told: then });
    } catch (error) {
      if (error.kind === "refused") return this.props.onRefused();
      this.setState({ told: failed });
    } finally {
      this.busy = false;
      this.setState({ busy: false });
    }
    return Promise.all(["held", "reports"].map((name) => this.read(name)));
  }

  decide = ({ reference, first }, reason) => {
    const texts = wordsOf(TEXTS, this.props.lang);
    const body = reason ? { decision: "reject", reason } : { decision: "publish" };
    return this.act(`/reports/${encodeURIComponent(reference)}/moderation`, body, reason ? texts.rejected : first ? texts.published : texts.proposed, texts.failed);
  };

  change = ({ reference }, body) => {
    const texts = wordsOf(TEXTS, this.props.lang);
    const status = say(this.state.terms.value.statuses.find(({ code }) => code === body.status)?.title, this.props.lang);
    return this.act(`/reports/${encodeURIComponent(reference)}/status`, body, texts.recorded(reference, status), texts.refused);
  };

  render({ api, lang, words, format }, { chosen, busy, told }) {
    const texts = wordsOf(TEXTS, lang);
    const shared = { api, lang, words, format, texts, busy };
    return html`
      <main id="main" class="page" tabindex="-1">
        <p role="status" class="notice-line" data-part="told">${told ?? ""}</p>
        <section class="card" aria-labelledby="photos-title" data-part="photos">
          <h2 id="photos-title">${texts.title}</h2>
          ${this.shown("terms", (terms) => this.shown("held", ({ held, numberMatched }) => html`
            <p class="alert-reason">${texts.waiting(numberMatched)}</p>
            <p class="quiet">${texts.rule} ${held.length > 0 && texts.keys}</p>
            <${Photos} ...${shared} held=${held} reasons=${terms.photo_reasons} kinds=${terms.kinds} onDecide=${this.decide} />
          `))}
        </section>
        <section class="card" aria-labelledby="reports-title" data-part="reports">
          <h2 id="reports-title">${texts.reports}</h2>
          ${this.shown("terms", (terms) => this.shown("reports", ({ reports, numberMatched }) => html`
            <${Reports} ...${shared} reports=${reports} matched=${numberMatched} terms=${terms} kinds=${terms.kinds} questions=${terms.questions} chosen=${chosen} onChoose=${(ref) => this.setState({ chosen: ref })} onStatus=${this.change} />
          `))}
        </section>
      </main>
    `;
  }
}

/** The words of reports: what can be reported and asked, and of what decisions are made. */
async function readTerms(api) {
  const [terms, { categories }] = await Promise.all([api.json("/reports/terms"), api.json("/reports/forms")]);
  return {
    ...terms,
    kinds: new Map(categories.map(({ code, title }) => [code, title])),
    questions: new Map(categories.map(({ code, questions }) => [code, questions])),
  };
}
