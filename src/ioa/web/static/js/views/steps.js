// How an agent came to its result, where its policy recorded it: its thoughts, the tools it called and what they said.
import { html, useState } from "../../vendor/ui.js";
import { isRecord, Problem, Text } from "../parts.js";
import { duration, money } from "../words.js";

/** @param {{files: import("../law.js").Artifact[], api: import("../api.js").Api | null}} props */
export function Steps({ files, api }) {
  const record = files.find(isRecord);
  const [steps, setSteps] = useState(/** @type {any[] | null} */ (null));
  const [error, setError] = useState(/** @type {Error | null} */ (null));
  if (!record || !api) return null;
  const open = async (/** @type {any} */ event) => {
    if (!event.target.open || steps) return;
    try {
      const read = JSON.parse(await (await api.file(record.digest)).text());
      setSteps(Array.isArray(read) ? read : (read.steps ?? []));
    } catch (problem) {
      setError(/** @type {Error} */ (problem));
    }
  };
  return html`<details class="steps" onToggle=${open}>
    <summary>How it was found</summary>
    <${Problem} error=${error} />
    ${
      steps &&
      html`<ol>${steps.map((step, place) => html`<li key=${place}>
        ${Object.entries(step).map(([name, value]) => html`<${Field} key=${name} name=${name} value=${value} />`)}
      </li>`)}</ol>`
    }
  </details>`;
}

/** @param {{name: string, value: unknown}} props */
function Field({ name, value }) {
  if (value === null || value === "" || value === undefined) return null;
  if (name.endsWith("_s") && typeof value === "number") return html`<p class="dim">${name.slice(0, -2)}: ${duration(value)}</p>`;
  if (name === "cost_usd" && typeof value === "number") return html`<p class="dim">cost: ${money(value)}</p>`;
  if (typeof value === "string") return html`<div class="field"><span class="dim">${name}</span><${Text} text=${value} fold=${1_500} /></div>`;
  return html`<div class="field"><span class="dim">${name}</span><pre tabindex="0">${JSON.stringify(value, null, 1).slice(0, 5_000)}</pre></div>`;
}
