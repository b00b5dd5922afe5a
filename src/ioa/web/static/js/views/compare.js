// Two runs side by side.
import { html, useEffect, useMemo, useState } from "../../vendor/ui.js";
import { oneLine } from "../markdown.js";
import { Files, Problem, Status, Text } from "../parts.js";
import { FINAL, GoalWatch, useChanging } from "../store.js";
import { amount, day, duration, money } from "../words.js";

/** @param {{api: import("../api.js").Api, goals: import("../store.js").Polled, one: string, other: string | null}} props */
export function Compare({ api, goals, one, other }) {
  useChanging(goals);
  /** @type {import("../store.js").Goal[]} */
  const known = (goals.value ?? []).filter((/** @type {any} */ goal) => FINAL.has(goal.status));
  const first = known.find((goal) => goal.goal_id === one);
  // The natural partner is another run of the same goal.
  const second = other ?? known.find((goal) => goal.goal_id !== one && goal.goal === first?.goal)?.goal_id ?? null;
  const choose = (/** @type {string} */ left, /** @type {string | null} */ right) => {
    location.hash = `#/compare/${left}${right ? `/${right}` : ""}`;
  };
  const pick = (/** @type {string | null} */ now, /** @type {(id: string) => void} */ chosen, /** @type {string} */ label) =>
    html`<select aria-label=${label} value=${now ?? ""} onChange=${(/** @type {any} */ event) => chosen(event.target.value)}>
      <option value="" disabled>choose a run</option>
      ${known.map((goal) => html`<option key=${goal.goal_id} value=${goal.goal_id}>${day(goal.created_at)} · ${oneLine(goal.goal, 60)}</option>`)}
    </select>`;
  return html`<section class="compare" aria-label="Compare two runs" tabindex="0">
    <h1>Two runs</h1>
    <div class="sides">
      <div>${pick(one, (id) => choose(id, second), "First run")}<${Side} key=${one} api=${api} goalId=${one} /></div>
      <div>${pick(second, (id) => choose(one, id), "Second run")}${second ? html`<${Side} key=${second} api=${api} goalId=${second} />` : html`<p class="dim pad">Choose a run to compare with.</p>`}</div>
    </div>
  </section>`;
}

/** @param {{api: import("../api.js").Api, goalId: string}} props */
function Side({ api, goalId }) {
  const watch = useMemo(() => new GoalWatch(api, goalId), [api, goalId]);
  const [whole, setWhole] = useState(false);
  useEffect(() => {
    watch.run();
    return () => watch.close();
  }, [watch]);
  useChanging(watch);
  const { goal, conversation } = watch;
  if (watch.error) return html`<${Problem} error=${watch.error} />`;
  if (!goal) return html`<p class="dim pad" role="status">Loading…</p>`;
  const groups = [...conversation.groups.values()];
  const tasks = conversation.tasks;
  const people = new Set(groups.flatMap((group) => group.members));
  const tokens = (goal.usage.input_tokens ?? 0) + (goal.usage.output_tokens ?? 0);
  /** @type {[string, any][]} */
  const facts = [
    ["Outcome", html`<${Status} status=${goal.status} />`],
    ["Time", duration((goal.ended_at ?? Date.now() / 1000) - goal.created_at)],
    ["Teams", groups.length],
    ["Agents", [...people].join(", ")],
    ["Turns", groups.reduce((sum, group) => sum + group.turns, 0)],
    ["Tasks", `${tasks.filter((task) => task.status === "completed").length} of ${tasks.length} done`],
    ["Messages", conversation.entries.length],
    ["Channels", `${goal.channels.nested} of ${goal.channels.full}`],
    ["Model calls", amount(goal.usage.calls ?? 0)],
    ["Tokens", amount(tokens)],
    ["Money", money(goal.usage.cost_usd ?? 0)],
  ];
  return html`<article>
    <h2><a href=${`#/goals/${goal.goal_id}`}>${oneLine(goal.goal, 140)}</a></h2>
    <dl class="facts">${facts.map(([label, value]) => html`<div key=${label}><dt>${label}</dt><dd>${value}</dd></div>`)}</dl>
    <h3>Who did what</h3>
    <ol>${tasks.map((task) => html`<li key=${task.comm_id + task.task_id}><strong>${task.reports.map((report) => report.assignee).join(", ")}</strong>: ${oneLine(task.abstract || task.desc, 120)} <${Status} status=${task.status} /></li>`)}</ol>
    <h3>Answer</h3>
    <${Text} text=${goal.conclusion ?? ""} fold=${whole ? 100_000 : 2_000} />
    <${Files} files=${goal.artifacts} api=${api} />
    ${(goal.conclusion ?? "").length > 2_000 && !whole && html`<button type="button" class="link" onClick=${() => setWhole(true)}>All of it</button>`}
  </article>`;
}
