// What the goal's owner can say to a group: interjections, nudges, and the end.
import { html, useState } from "../../vendor/ui.js";
import { Dialog, Problem } from "../parts.js";

/** @param {{group: import("../law.js").Group, api: import("../api.js").Api, me: string}} props */
export function Composer({ group, api, me }) {
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {Error | null} */ (null));
  const [asking, setAsking] = useState(false);
  if (group.owner !== me) return null;
  if (group.ended) {
    return html`<p class="composer-note dim">This team has concluded. <a href=${`#/new?continues=${encodeURIComponent(group.comm_id)}`}>Go on from here</a></p>`;
  }

  const say = async (/** @type {string} */ words) => {
    if (!words.trim()) return;
    setBusy(true);
    setError(null);
    try {
      await api.json(`/v1/groups/${encodeURIComponent(group.comm_id)}/interject`, {
        method: "POST",
        body: { content: words },
        headers: { "Idempotency-Key": crypto.randomUUID() },
      });
      setText("");
    } catch (problem) {
      setError(/** @type {Error} */ (problem));
    }
    setBusy(false);
  };
  const others = group.members.filter((name) => name !== me);
  return html`<form class="composer" onSubmit=${(/** @type {Event} */ event) => {
    event.preventDefault();
    say(text);
  }}>
    <${Problem} error=${error} />
    <div class="nudges" role="group" aria-label="Nudges">
      <button type="button" class="chip" disabled=${busy} onClick=${() => say("Please conclude now with what there is.")}>Conclude now</button>
      <button type="button" class="chip" disabled=${busy} onClick=${() => say("Please pause until the open tasks have ended.")}>Pause for open tasks</button>
      <label class="chip">Ask
        <select aria-label="Ask a member" onChange=${(/** @type {any} */ event) => {
          if (event.target.value) setText(`${event.target.value}, please `);
          event.target.value = "";
        }}>
          <option value="">somebody…</option>
          ${others.map((name) => html`<option key=${name} value=${name}>${name}</option>`)}
        </select>
      </label>
      <button type="button" class="chip danger" disabled=${busy} onClick=${() => setAsking(true)}>End this team</button>
    </div>
    <div class="say">
      <textarea rows="2" aria-label="Say something to the team" placeholder="Say something to the team" value=${text} disabled=${busy}
        onInput=${(/** @type {any} */ event) => setText(event.target.value)}
        onKeyDown=${(/** @type {KeyboardEvent} */ event) => {
          if (event.key === "Enter" && !event.shiftKey) {
            event.preventDefault();
            say(text);
          }
        }}></textarea>
      <button type="submit" class="primary" disabled=${busy || !text.trim()}>Say</button>
    </div>
    ${asking && html`<${EndDialog} group=${group} api=${api} onClose=${() => setAsking(false)} />`}
  </form>`;
}

/** @param {{group: import("../law.js").Group, api: import("../api.js").Api, onClose: () => void}} props */
function EndDialog({ group, api, onClose }) {
  const [reason, setReason] = useState("");
  const [error, setError] = useState(/** @type {Error | null} */ (null));
  const end = async (/** @type {Event} */ event) => {
    event.preventDefault();
    try {
      await api.json(`/v1/groups/${encodeURIComponent(group.comm_id)}/cancel`, { method: "POST", body: { reason } });
      onClose();
    } catch (problem) {
      setError(/** @type {Error} */ (problem));
    }
  };
  return html`<${Dialog} title=${group.parent ? "End this team?" : "Cancel this goal?"} onClose=${onClose}>
    <form onSubmit=${end}>
      <p>${group.parent ? "The team and all teams nested in it end now; its task is reported with what there is." : "The goal and all its teams end now. What was found so far stays readable."}</p>
      <label>Why <input value=${reason} onInput=${(/** @type {any} */ event) => setReason(event.target.value)} placeholder="optional, told to the agents" /></label>
      <${Problem} error=${error} />
      <p class="actions"><button type="submit" class="danger">End it</button></p>
    </form>
  </${Dialog}>`;
}
