/** Alerts: what asks for attention, why, and what was done about it. */
import { say } from "../../shared/language.js";
import { Component, html } from "../../shared/ui.js";
import { TEXTS } from "./alerts.words.js";
import { wordsOf } from "./part.js";

const MUTE_H = 8;

export default class Alerts extends Component {
  state = { busy: null, problem: null };

  componentDidMount() {
    this.props.onAlerts();
    if (this.props.typed) document.getElementById("main").focus();
  }

  /** Acknowledge or mute, then read the list again. */
  act = async (alert, what, body) => {
    this.setState({ busy: alert.id, problem: null });
    try {
      await this.props.api.post(`/pro/alerts/${alert.id}/${what}`, body);
      await this.props.onAlerts();
    } catch (error) {
      if (error.kind === "refused") this.props.onRefused();
      else this.setState({ problem: error.kind });
    }
    this.setState({ busy: null });
  };

  render({ alerts, lang, words, format }, { busy, problem }) {
    const texts = wordsOf(TEXTS, lang);
    const list = alerts?.alerts ?? [];
    const fresh = list.filter((a) => !a.acknowledged && !a.muted_until);
    const rest = list.filter((a) => a.acknowledged || a.muted_until);
    const shared = { lang, format, texts, busy, onAct: this.act };
    return html`
      <main id="main" class="page" tabindex="-1">
        <section class="card" aria-labelledby="fresh-title">
          <h2 id="fresh-title">${texts.fresh(fresh.length)}</h2>
          <p class="quiet"><a href=${`/pro/alerts.atom?lang=${lang}`} type="application/atom+xml">${texts.feed}</a> ${texts.feedWhy}</p>
          ${problem && html`<p class="problem" role="alert">${texts.failed}</p>`}
          ${alerts === null && html`<p class="quiet" role="status">${words.loading}</p>`}
          <ul class="alerts">${fresh.map((alert) => html`<${Line} key=${alert.id} alert=${alert} ...${shared} />`)}</ul>
        </section>
        ${rest.length > 0 &&
        html`
          <section class="card" aria-labelledby="rest-title">
            <h2 id="rest-title">${texts.rest(rest.length)}</h2>
            <ul class="alerts">${rest.map((alert) => html`<${Line} key=${alert.id} alert=${alert} ...${shared} />`)}</ul>
          </section>
        `}
        <section class="card" aria-labelledby="rules-title">
          <h2 id="rules-title">${texts.rules}</h2>
          ${alerts?.judged && html`<p class="quiet">${texts.judged(format.moment(alerts.judged))}</p>`}
          <ul class="rules">
            ${(alerts?.rules ?? []).map(
              (rule) => html`<li>${say(rule.title, lang)}${rule.not_judged && html` <span class="weak-text">${texts.silent} ${say(rule.not_judged, lang)}</span>`}</li>`,
            )}
          </ul>
        </section>
      </main>
    `;
  }
}

function Line({ alert, lang, format, texts, busy, onAct }) {
  const { severity, acknowledged, muted_until: muted } = alert;
  return html`
    <li class="alert ${severity}" data-rule=${alert.rule}>
      <p class="alert-title"><span class="tag ${severity === "info" ? "" : "warn"}">${texts.severities[severity]}</span> ${say(alert.title, lang)}</p>
      <p class="alert-reason">${say(alert.reason, lang)}</p>
      <p class="quiet">
        ${texts.seen(format.ago(alert.first_seen, Date.now()))} · ${texts.looked(format.period(alert.looked_from, alert.looked_until))}
        ${acknowledged && html` · ${texts.acknowledged(alert.acknowledged_by, format.moment(acknowledged))}`}
        ${muted && html` · ${texts.muted(format.moment(muted))}`}
      </p>
      <p class="actions">
        ${!acknowledged && html`<button type="button" disabled=${busy === alert.id} onClick=${() => onAct(alert, "acknowledge", {})}>${texts.acknowledge}<span class="unseen"> : ${say(alert.reason, lang)}</span></button>`}
        ${muted
          ? html`<button type="button" disabled=${busy === alert.id} onClick=${() => onAct(alert, "mute", { hours: 0 })}>${texts.unmute}</button>`
          : html`<button type="button" disabled=${busy === alert.id} onClick=${() => onAct(alert, "mute", { hours: MUTE_H })}>${texts.mute(MUTE_H)}<span class="unseen"> : ${say(alert.reason, lang)}</span></button>`}
        ${alert.href && html`<a href=${`${alert.href}&f=html`}>${texts.items}<span class="unseen"> : ${say(alert.reason, lang)}</span></a>`}
      </p>
    </li>
  `;
}
