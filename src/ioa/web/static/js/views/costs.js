// What a goal costs: tokens, money and time by team and by agent, and every call of a model.
import { html, useEffect, useState } from "../../vendor/ui.js";
import { USUAL_BUDGETS } from "../law.js";
import { Avatar, Problem } from "../parts.js";
import { amount, clock, duration, money } from "../words.js";

/**
 * @param {{api: import("../api.js").Api | null, goal: import("../store.js").Goal, live: boolean,
 *   conversation: import("../law.js").Conversation}} props
 */
export function Costs({ api, goal, conversation, live }) {
  const [calls, setCalls] = useState(/** @type {any[]} */ ([]));
  const [error, setError] = useState(/** @type {Error | null} */ (null));
  const entries = conversation.entries.length;
  useEffect(() => {
    api?.all(`/v1/goals/${goal.goal_id}/calls`).then(setCalls, setError);
  }, [goal.goal_id, live ? Math.floor(entries / 5) : -1]);
  /** @type {Map<string, {calls: number, tokens: number, cost_usd: number, seconds: number, turns: number, tasks: number}>} */
  const agents = new Map();
  const of = (/** @type {string} */ name) => {
    let mine = agents.get(name);
    if (!mine) {
      mine = { calls: 0, tokens: 0, cost_usd: 0, seconds: 0, turns: 0, tasks: 0 };
      agents.set(name, mine);
    }
    return mine;
  };
  for (const call of calls) {
    const mine = of(call.agent);
    mine.calls += 1;
    mine.tokens += call.input_tokens + call.output_tokens;
    mine.cost_usd += call.cost_usd;
  }
  for (const group of conversation.groups.values()) {
    for (const [name, member] of group.byMember) if (!name.startsWith("@")) of(name).turns += member.turns; // no agent: a person, the hub
    for (const task of group.tasks.values()) {
      for (const report of task.reports) {
        const mine = of(report.assignee);
        mine.tasks += 1;
        if (report.startedAt) mine.seconds += (report.endedAt ?? conversation.lastAt ?? report.startedAt) - report.startedAt;
      }
    }
  }
  const usage = goal.usage;
  const budgets = { ...USUAL_BUDGETS, ...goal.budgets };
  const tokens = (usage.input_tokens ?? 0) + (usage.output_tokens ?? 0);
  return html`<section class="costs" aria-label="Cost" tabindex="0">
    <${Problem} error=${error} />
    <dl class="figures">
      <${Figure} label="Model calls" value=${amount(usage.calls ?? calls.length)} of=${budgets.calls} used=${usage.calls ?? 0} />
      <${Figure} label="Tokens" value=${amount(tokens)} of=${budgets.tokens} used=${tokens} />
      <${Figure} label="Money" value=${money(usage.cost_usd ?? 0)} of=${budgets.cost_usd} used=${usage.cost_usd ?? 0} />
      <${Figure} label="Time" value=${duration((goal.ended_at ?? Date.now() / 1000) - goal.created_at)} />
    </dl>
    ${!calls.length && html`<p class="dim">No model was called: rules decided, and agents did the rest.</p>`}
    <h2>By agent</h2>
    <table><thead><tr><th>Agent</th><th>Turns</th><th>Tasks</th><th>At work</th><th>Calls</th><th>Tokens</th><th>Money</th></tr></thead>
      <tbody>${[...agents].map(([name, mine]) => html`<tr key=${name}><th scope="row"><${Avatar} name=${name} small /> ${name}</th><td>${mine.turns}</td><td>${mine.tasks}</td><td>${duration(mine.seconds)}</td><td>${mine.calls}</td><td>${amount(mine.tokens)}</td><td>${money(mine.cost_usd)}</td></tr>`)}</tbody></table>
    <h2>By team</h2>
    <table><thead><tr><th>Team</th><th>Members</th><th>Turns</th><th>Tasks</th><th>Time</th><th>Tokens</th><th>Money</th></tr></thead>
      <tbody>${[...conversation.groups.values()].map((group) => html`<tr key=${group.comm_id}><th scope="row">Team ${group.number} · ${group.initiator}</th><td>${group.members.length}</td><td>${group.turns}</td><td>${group.tasks.size}</td><td>${duration((group.endedAt ?? group.lastAt) - group.startedAt)}</td><td>${amount(group.usage.tokens)}</td><td>${money(group.usage.cost_usd)}</td></tr>`)}</tbody></table>
    ${
      calls.length > 0 &&
      html`<h2>Calls</h2><div class="scroll" tabindex="0" role="group" aria-label="Calls"><table><thead><tr><th>At</th><th>Agent</th><th>Decision</th><th>Model</th><th>Read</th><th>Written</th><th>Money</th><th>Took</th><th>Error</th></tr></thead>
      <tbody>${calls.slice(-500).map((call, place) => html`<tr key=${place}><td>${clock(call.at)}</td><td>${call.agent}</td><td>${call.decision}</td><td>${call.model}</td><td>${amount(call.input_tokens)}</td><td>${amount(call.output_tokens)}</td><td>${money(call.cost_usd)}</td><td>${duration(call.duration_s)}</td><td>${call.error}</td></tr>`)}</tbody></table></div>`
    }
  </section>`;
}

/** @param {{label: string, value: string, of?: number | null, used?: number}} props */
function Figure({ label, value, of, used = 0 }) {
  return html`<div><dt>${label}</dt><dd>${value}${typeof of === "number" && html`<span class="dim"> of ${amount(of)}</span><meter min="0" max=${of} value=${used} high=${of * 0.9} aria-label=${`${label} used`}></meter>`}</dd></div>`;
}
