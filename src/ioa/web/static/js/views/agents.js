// Everybody who has joined: found by meaning as you type, with cards, presence and what they remember of each other.
import { html, useEffect, useMemo, useRef, useState } from "../../vendor/ui.js";
import { oneLine } from "../markdown.js";
import { Avatar, Empty, Problem, Status, Tabs, Text } from "../parts.js";
import { day, duration } from "../words.js";
import { ContactGraph } from "./contacts.js";

/** @typedef {{name: string, card: any, online: boolean, owner: string, registered_at: number, score?: number, verified?: boolean}} Agent */

/** @param {{api: import("../api.js").Api, name: string | null, tab: string}} props */
export function Agents({ api, name, tab }) {
  const [sought, setSought] = useState("");
  const [online, setOnline] = useState(false);
  const [agents, setAgents] = useState(/** @type {Agent[] | null} */ (null));
  const [error, setError] = useState(/** @type {Error | null} */ (null));
  const asked = useRef(0);
  useEffect(() => {
    const number = ++asked.current;
    const stop = new AbortController();
    const ask = async () => {
      try {
        const query = { search: sought.trim() || undefined, online: online ? "true" : undefined, limit: 100 };
        const page = await api.json("/v1/agents", { query, signal: stop.signal });
        if (number === asked.current) {
          setAgents(page.items);
          setError(null);
        }
      } catch (problem) {
        if (!stop.signal.aborted) setError(/** @type {Error} */ (problem));
      }
    };
    const soon = setTimeout(ask, sought ? 150 : 0);
    const again = setInterval(ask, 5_000);
    return () => {
      clearTimeout(soon);
      clearInterval(again);
      stop.abort();
    };
  }, [api, sought, online]);
  return html`<div class="split">
    <aside class="list" aria-label="Agents">
      <header>
        <input type="search" placeholder="What should they be able to do?" aria-label="Search agents by meaning" value=${sought} onInput=${(/** @type {any} */ event) => setSought(event.target.value)} />
        <label><input type="checkbox" checked=${online} onChange=${(/** @type {any} */ event) => setOnline(event.target.checked)} /> there now</label>
      </header>
      <${Problem} error=${error} />
      <ul aria-busy=${agents === null}>
        ${(agents ?? []).map(
          (agent) => html`<li key=${agent.name}><a href=${`#/agents/${encodeURIComponent(agent.name)}`} aria-current=${agent.name === name ? "page" : undefined}>
            <span class="title"><span class=${`presence ${agent.online ? "on" : "off"}`} role="img" aria-label=${agent.online ? "online" : "away"}></span><${Avatar} name=${agent.name} small /> ${agent.name}
              ${agent.score !== undefined && agent.score !== null && html`<meter min="0" max="1" value=${agent.score} title=${`fits ${Math.round(agent.score * 100)} %`} aria-label=${`fits ${Math.round(agent.score * 100)} percent`}></meter><span class="dim">${Math.round(agent.score * 100)} %</span>`}</span>
            <span class="meta">${oneLine(agent.card.description, 120)}</span>
          </a></li>`,
        )}
      </ul>
      ${agents?.length === 0 && html`<p class="pad dim">${sought ? "Nobody fits." : "Nobody has joined yet."}</p>`}
    </aside>
    <div class="main-pane">
      ${name ? html`<${AgentPage} key=${name} api=${api} name=${name} />` : html`<${Tabs} now=${tab} tabs=${[
        { id: "all", label: "About", href: "#/agents" },
        { id: "trust", label: "Who knows whom", href: "#/trust" },
      ]} />${tab === "trust" ? html`<${ContactGraph} api=${api} />` : html`<${Empty} title="The registry"><p>Choose an agent to see its card and whom it has worked with. Type what you need done: agents are found by meaning, with a score.</p></${Empty}>`}`}
    </div>
  </div>`;
}

/** @param {{api: import("../api.js").Api, name: string}} props */
function AgentPage({ api, name }) {
  const [agent, setAgent] = useState(/** @type {Agent | null} */ (null));
  const [contacts, setContacts] = useState(/** @type {any | null} */ (null));
  const [groups, setGroups] = useState(/** @type {any[]} */ ([]));
  const [error, setError] = useState(/** @type {Error | null} */ (null));
  useEffect(() => {
    const at = `/v1/agents/${encodeURIComponent(name)}`;
    api.json(at).then(setAgent, setError);
    api.json(`${at}/contacts`).then(setContacts, () => setContacts(null)); // only for its owner
    api.json("/v1/groups", { query: { member: name, limit: 20 } }).then((page) => setGroups(page.items), () => undefined);
  }, [api, name]);
  const skills = useMemo(() => agent?.card.skills ?? [], [agent]);
  if (error) return html`<${Empty} title="No such agent"><${Problem} error=${error} /></${Empty}>`;
  if (!agent) return html`<p class="pad dim" role="status">Loading…</p>`;
  return html`<article class="agent">
    <header><${Avatar} name=${name} /><h1>${name}</h1><${Status} status=${agent.online ? "online" : "away"} />
      ${agent.verified !== undefined && html`<span class=${`status ${agent.verified ? "is-completed" : ""}`}>${agent.verified ? "verified card" : "unsigned card"}</span>`}</header>
    <p class="meta"><span>${agent.card.type ?? "agent"}</span><span>of ${agent.owner}</span><span>joined ${day(agent.registered_at)}</span>
      <a href=${`#/new?${new URLSearchParams({ initiator: name })}`}>Let it begin a goal</a></p>
    <${Text} text=${agent.card.description} />
    ${skills.length > 0 && html`<h2>Skills</h2><ul class="skills">${skills.map((/** @type {string} */ skill) => html`<li key=${skill}>${skill}</li>`)}</ul>`}
    ${contacts?.contacts?.length > 0 && html`<h2>Has worked with</h2><table><thead><tr><th>Agent</th><th>Completed</th><th>Failed</th><th>Took on average</th><th>Last</th></tr></thead>
      <tbody>${contacts.contacts.map((/** @type {any} */ one) => html`<tr key=${one.name}><th scope="row"><a href=${`#/agents/${encodeURIComponent(one.name)}`}>${one.name}</a></th><td>${one.completed ?? 0}</td><td>${one.failed ?? 0}</td><td>${duration(one.mean_duration_s ?? 0)}</td><td>${one.last_at ? day(one.last_at) : ""}</td></tr>`)}</tbody></table>`}
    ${groups.length > 0 && html`<h2>Chats with you</h2><ul class="plain">${groups.map((group) => html`<li key=${group.comm_id}><a href=${`#/goals/${group.goal_id}/chat/${group.comm_id}`}>${oneLine(group.goal, 120)}</a> <${Status} status=${group.outcome ?? "running"} /> <span class="dim">${day(group.last_at)}</span></li>`)}</ul>`}
  </article>`;
}
