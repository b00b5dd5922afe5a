// Who trusts whom: what agents remember of each other, as a graph.
import { forceCenter, forceCollide, forceLink, forceManyBody, forceSimulation } from "../../vendor/layout.js";
import { html, useEffect, useMemo, useState } from "../../vendor/ui.js";
import { Empty, Problem } from "../parts.js";
import { duration, hue, initials } from "../words.js";

const MOST = 300;

/**
 * @typedef {{agent: string, contacts: {name: string, completed?: number, failed?: number, mean_duration_s?: number}[]}} Remembered
 */

/** @param {{api: import("../api.js").Api}} props */
export function ContactGraph({ api }) {
  const [known, setKnown] = useState(/** @type {Remembered[] | null} */ (null));
  const [error, setError] = useState(/** @type {Error | null} */ (null));
  const [chosen, setChosen] = useState("");
  useEffect(() => {
    api.all("/v1/contacts", {}, 2_000).then(setKnown, setError);
  }, [api]);
  const graph = useMemo(() => placed(known ?? []), [known]);
  if (error) return html`<${Problem} error=${error} />`;
  if (!known) return html`<p class="pad dim" role="status">Loading…</p>`;
  if (!graph.nodes.length) return html`<${Empty} title="Nobody has worked together yet"><p>After each task, the agent that gave it remembers how it went. Those memories are drawn here.</p></${Empty}>`;
  const rows = (known ?? []).flatMap((one) => one.contacts.map((contact) => ({ from: one.agent, ...contact })));
  return html`<section class="contacts" aria-label="Who knows whom">
    <svg viewBox=${graph.box} role="img" aria-label="Graph of contacts; the table below says the same">
      ${graph.links.map((/** @type {any} */ link, /** @type {number} */ place) => {
        const share = link.completed / Math.max(1, link.completed + link.failed);
        return html`<line key=${place} class=${share >= 0.8 ? "good" : share >= 0.4 ? "mixed" : "bad"} x1=${link.source.x} y1=${link.source.y} x2=${link.target.x} y2=${link.target.y}
          stroke-width=${1 + Math.min(5, Math.log2(1 + link.completed + link.failed))} opacity=${chosen && link.source.id !== chosen && link.target.id !== chosen ? 0.1 : 0.75}><title>${link.source.id} → ${link.target.id}: ${link.completed} completed, ${link.failed} failed</title></line>`;
      })}
      ${graph.nodes.map((/** @type {any} */ node) => html`<g key=${node.id} transform=${`translate(${node.x}, ${node.y})`} class=${`who hue-${hue(node.id)}`} onClick=${() => setChosen(chosen === node.id ? "" : node.id)}>
        <circle r=${14 + Math.min(14, 3 * Math.sqrt(node.degree))} /><text dy="4" text-anchor="middle">${initials(node.id)}</text><text class="name" dy=${32 + Math.min(14, 3 * Math.sqrt(node.degree))} text-anchor="middle">${node.id}</text></g>`)}
    </svg>
    <div class="scroll" tabindex="0" role="group" aria-label="Contacts"><table><thead><tr><th>Agent</th><th>remembers</th><th>Completed</th><th>Failed</th><th>Took on average</th></tr></thead>
      <tbody>${rows.filter((row) => !chosen || row.from === chosen || row.name === chosen).map((row) => html`<tr key=${`${row.from} ${row.name}`}><th scope="row"><a href=${`#/agents/${encodeURIComponent(row.from)}`}>${row.from}</a></th><td><a href=${`#/agents/${encodeURIComponent(row.name)}`}>${row.name}</a></td><td>${row.completed ?? 0}</td><td>${row.failed ?? 0}</td><td>${duration(row.mean_duration_s ?? 0)}</td></tr>`)}</tbody></table></div>
  </section>`;
}

/** @param {Remembered[]} known */
function placed(known) {
  /** @type {Map<string, any>} */
  const nodes = new Map();
  const node = (/** @type {string} */ id) => {
    let found = nodes.get(id);
    if (!found) {
      found = { id, degree: 0 };
      nodes.set(id, found);
    }
    return found;
  };
  /** @type {any[]} */
  const links = [];
  for (const one of known) {
    for (const contact of one.contacts) {
      if (nodes.size > MOST && !nodes.has(contact.name)) continue;
      const source = node(one.agent);
      const target = node(contact.name);
      source.degree += 1;
      target.degree += 1;
      links.push({ source, target, completed: contact.completed ?? 0, failed: contact.failed ?? 0 });
    }
  }
  const list = [...nodes.values()];
  const simulation = forceSimulation(list)
    .force("link", forceLink(links).distance(150))
    .force("charge", forceManyBody().strength(-500))
    .force("collide", forceCollide(48))
    .force("center", forceCenter(0, 0))
    .stop();
  simulation.tick(200); // settled before it is drawn: nothing wobbles
  const xs = list.map((one) => one.x);
  const ys = list.map((one) => one.y);
  const left = Math.min(0, ...xs) - 70;
  const top = Math.min(0, ...ys) - 50;
  return { nodes: list, links, box: `${left} ${top} ${Math.max(0, ...xs) + 70 - left} ${Math.max(0, ...ys) + 70 - top}` };
}
