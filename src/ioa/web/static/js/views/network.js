// How the hub is: load, connections, what it spends.
import { html, useEffect, useMemo, useRef } from "../../vendor/ui.js";
import { Problem } from "../parts.js";
import { FINAL, Polled, useChanging } from "../store.js";
import { amount, duration, money, size } from "../words.js";

/** @param {{api: import("../api.js").Api, goals: Polled}} props */
export function Network({ api, goals }) {
  const hub = useMemo(() => new Polled(() => api.json("/v1/load"), 2_000), [api]);
  useEffect(() => {
    hub.run();
    return () => hub.close();
  }, [hub]);
  useChanging(hub);
  useChanging(goals);
  const load = hub.value;
  const before = useRef(/** @type {{load: any, rates: {messages: number, processor: number}} | null} */ (null));
  if (load && before.current?.load !== load) {
    const last = before.current?.load;
    const passed = last ? load.up_s - last.up_s : 0;
    const rates = passed > 0 ? { messages: (load.entries - last.entries) / passed, processor: (load.processor_s - last.processor_s) / passed } : { messages: 0, processor: 0 };
    before.current = { load, rates };
  }
  const rates = before.current?.rates ?? { messages: 0, processor: 0 };
  /** @type {import("../store.js").Goal[]} */
  const mine = goals.value ?? [];
  const sum = mine.reduce(
    (all, goal) => ({
      calls: all.calls + (goal.usage.calls ?? 0),
      tokens: all.tokens + (goal.usage.input_tokens ?? 0) + (goal.usage.output_tokens ?? 0),
      cost: all.cost + (goal.usage.cost_usd ?? 0),
    }),
    { calls: 0, tokens: 0, cost: 0 },
  );
  /** @type {[string, any][]} */
  const figures = load
    ? [
        ["Agents connected", amount(load.connections)],
        ["Agents registered", amount(load.agents)],
        ["Messages in the log", amount(load.entries)],
        ["Messages a second", rates.messages.toFixed(1)],
        ["Groups in memory", amount(load.groups_in_memory)],
        ["Hub's processor", `${Math.round(rates.processor * 100)} %`],
        ["Hub's memory, at most", size(load.memory_bytes)],
        ["Up for", duration(load.up_s)],
      ]
    : [];
  return html`<section class="network" aria-label="Network" tabindex="0">
    <h1>The hub</h1>
    <${Problem} error=${hub.error} />
    <dl class="figures">${figures.map(([label, value]) => html`<div key=${label}><dt>${label}</dt><dd>${value}</dd></div>`)}</dl>
    ${load && html`<p class="dim">Version ${load.version}, protocol ${load.protocol}. Figures for Prometheus are at <code>/metrics</code>.</p>`}
    <h2>Your goals</h2>
    <dl class="figures">
      <div><dt>Goals</dt><dd>${mine.length}</dd></div>
      <div><dt>Running</dt><dd>${mine.filter((goal) => !FINAL.has(goal.status)).length}</dd></div>
      <div><dt>Model calls</dt><dd>${amount(sum.calls)}</dd></div>
      <div><dt>Tokens</dt><dd>${amount(sum.tokens)}</dd></div>
      <div><dt>Money</dt><dd>${money(sum.cost)}</dd></div>
    </dl>
  </section>`;
}
