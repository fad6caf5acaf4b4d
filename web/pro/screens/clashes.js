/** What clashes, the most severe first: the reason, the evidence, and a date that would do. */
import { say } from "../../shared/language.js";
import { html } from "../../shared/ui.js";

export function Clashes({ found, plans, chosen, lang, words, texts, format, onChoose, onSolve }) {
  const serious = found.findings.filter(({ severity }) => severity !== "info");
  return html`
    <h2 id="clash-title"><a href="/api/processes/works-clash?f=html">${texts.clashes(serious.length)}</a></h2>
    <ul class="alerts">
      ${serious.map(
        (finding) => html`
          <li key=${finding.id} class="alert ${finding.severity === "blocking" ? "urgent" : "warning"}" data-subject=${finding.subject}>
            <p class="alert-title"><span class="tag warn">${texts.severities[finding.severity]}</span> ${say(finding.title, lang)}</p>
            <p><b>${say(finding.reason, lang)}</b></p>
            <p class="quiet">${texts.proof}${words.colon}${finding.links.map(({ href, reference }, k) => html`${k > 0 && ", "}<a href=${`${href}?f=html`}>${reference}</a>`)}</p>
            <p class="actions">
              <button type="button" aria-pressed=${chosen === finding.subject ? "true" : "false"} onClick=${() => onChoose(finding.subject)}>${finding.subject}</button>
              <button type="button" disabled=${plans[finding.subject]?.busy} onClick=${() => onSolve(finding.subject)}>${plans[finding.subject]?.busy ? texts.solving : texts.solve}<span class="unseen"> : ${finding.subject}</span></button>
            </p>
            <p role="status">${said(plans[finding.subject], lang, texts)}</p>
          </li>
        `,
      )}
    </ul>
    ${found.counts.info > 0 && html`<p class="quiet">${texts.infos(format.number(found.counts.info))}</p>`}
  `;
}

function said(plan, lang, texts) {
  if (plan === undefined || plan.busy) return "";
  if (plan.failed) return texts.failed;
  return plan.proposal === null ? texts.noProposal : say(plan.proposal.reason, lang);
}
