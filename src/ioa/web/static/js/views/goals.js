// The list of goals, and giving a new one.
import { html, useEffect, useMemo, useRef, useState } from "../../vendor/ui.js";
import { oneLine } from "../markdown.js";
import { Empty, Problem, Status } from "../parts.js";
import { FINAL, useChanging } from "../store.js";
import { day, duration, size, spent } from "../words.js";

/** @param {import("../store.js").Goal} goal */
const used = (goal) =>
  spent({
    calls: goal.usage.calls ?? 0,
    tokens: (goal.usage.input_tokens ?? 0) + (goal.usage.output_tokens ?? 0),
    cost_usd: goal.usage.cost_usd ?? 0,
  });

/** @param {{goals: import("../store.js").Polled, now: string | null}} props */
export function GoalList({ goals, now }) {
  useChanging(goals);
  const [sought, setSought] = useState("");
  const [only, setOnly] = useState("");
  const lower = sought.trim().toLowerCase();
  /** @type {import("../store.js").Goal[]} */
  const items = (goals.value ?? []).filter(
    (/** @type {import("../store.js").Goal} */ goal) =>
      (!lower || goal.goal.toLowerCase().includes(lower)) &&
      (!only || (only === "live" ? !FINAL.has(goal.status) : goal.status === only)),
  );
  return html`<aside class="list" aria-label="Goals">
    <header>
      <a class="button primary" href="#/new">New goal</a>
      <input type="search" placeholder="Find a goal" aria-label="Find a goal" value=${sought}
        onInput=${(/** @type {any} */ event) => setSought(event.target.value)} />
      <select aria-label="Show" value=${only} onChange=${(/** @type {any} */ event) => setOnly(event.target.value)}>
        <option value="">All</option><option value="live">Running</option><option value="completed">Completed</option>
        <option value="partial">Partial</option><option value="failed">Failed</option><option value="cancelled">Cancelled</option>
      </select>
    </header>
    <${Problem} error=${goals.error} />
    <ul>
      ${items.map(
        (goal) => html`<li key=${goal.goal_id}>
          <a href=${`#/goals/${goal.goal_id}`} aria-current=${now === goal.goal_id ? "page" : undefined}>
            <span class="title">${oneLine(goal.goal, 110)}</span>
            <span class="meta"><${Status} status=${goal.status} /> <span>${day(goal.created_at)}</span>
              ${goal.ended_at && html`<span>${duration(goal.ended_at - goal.created_at)}</span>`}
              ${goal.groups.length > 1 && html`<span>${goal.groups.length} teams</span>`}
              <span>${used(goal)}</span></span>
          </a>
        </li>`,
      )}
    </ul>
    ${goals.value && !items.length && html`<p class="dim pad">${goals.value.length ? "No goal fits." : "No goals yet."}</p>`}
  </aside>`;
}

const BUDGETS = /** @type {const} */ ([
  ["calls", "Model calls", "500", 1],
  ["tokens", "Tokens", "2000000", 1],
  ["cost_usd", "Dollars", "no limit", 0.01],
  ["turns", "Turns of all teams", "120", 1],
  ["depth", "Depth of teams", "3", 1],
  ["group_timeout_s", "Seconds in all", "3600", 1],
]);

/**
 * @param {{api: import("../api.js").Api, agents: import("../store.js").Polled, preset: URLSearchParams, onGiven: () => void}} props
 *   `preset` may hold goal, team, initiator, continues, max_turns
 */
export function NewGoal({ api, agents, preset, onGiven }) {
  useChanging(agents);
  const [goal, setGoal] = useState(preset.get("goal") ?? "");
  const [files, setFiles] = useState(/** @type {File[]} */ ([]));
  const [chosen, setChosen] = useState(preset.get("team") ? "fixed" : "automatic");
  const [team, setTeam] = useState(/** @type {Set<string>} */ (new Set(preset.getAll("team"))));
  const [initiator, setInitiator] = useState(preset.get("initiator") ?? "");
  const [rules, setRules] = useState(false);
  const [maxTurns, setMaxTurns] = useState(preset.get("max_turns") ?? "20");
  const [budgets, setBudgets] = useState(/** @type {Record<string, string>} */ ({}));
  const [continues, setContinues] = useState(preset.get("continues") ?? "");
  const [busy, setBusy] = useState("");
  const [error, setError] = useState(/** @type {Error | null} */ (null));
  const [over, setOver] = useState(false);
  const text = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  useEffect(() => text.current?.focus(), []);
  const key = useMemo(() => crypto.randomUUID(), []);
  useEffect(() => setContinues(preset.get("continues") ?? ""), [preset]);

  /** @type {any[]} */
  const known = agents.value ?? [];
  const add = (/** @type {FileList | null | undefined} */ list) => list?.length && setFiles([...files, ...list]);
  const give = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!goal.trim()) {
      setError(new Error("Say what you want, as you would write it to a colleague."));
      return;
    }
    if (chosen === "fixed" && !team.size) {
      setError(new Error("Choose the agents of the team, or let the network find them."));
      return;
    }
    setError(null);
    try {
      const artifacts = [];
      for (const [place, file] of files.entries()) {
        setBusy(`Sending ${file.name} (${place + 1} of ${files.length})…`);
        artifacts.push(await api.upload(file));
      }
      setBusy("Giving the goal…");
      /** @type {Record<string, number>} */
      const limits = {};
      for (const [name, text] of Object.entries(budgets)) if (text !== "") limits[name] = Number(text);
      if (rules) limits.calls = 0;
      const record = await api.json("/v1/goals", {
        method: "POST",
        headers: { "Idempotency-Key": key },
        body: {
          goal: goal.trim(),
          artifacts,
          max_turns: Number(maxTurns) || 20,
          ...(chosen === "fixed" ? { team: [...team] } : {}),
          ...(initiator ? { initiator } : {}),
          ...(continues ? { continues } : {}),
          ...(Object.keys(limits).length ? { budgets: limits } : {}),
        },
      });
      onGiven();
      location.hash = `#/goals/${record.goal_id}`;
    } catch (problem) {
      setError(/** @type {Error} */ (problem));
    }
    setBusy("");
  };
  const drop = (/** @type {DragEvent} */ event) => {
    event.preventDefault();
    setOver(false);
    add(event.dataTransfer?.files);
  };
  return html`<form class=${`new-goal${over ? " over" : ""}`} onSubmit=${give} onDrop=${drop}
    onDragOver=${(/** @type {DragEvent} */ event) => {
      event.preventDefault();
      setOver(true);
    }} onDragLeave=${() => setOver(false)}>
    <h1>What should the network do?</h1>
    ${continues && html`<p class="dim">Goes on from team <a href=${`#/groups/${continues}`}>${continues}</a>: its answer is known to the new team.
      <button type="button" class="link" onClick=${() => setContinues("")}>Start afresh instead</button></p>`}
    <textarea ref=${text} rows="5" aria-label="Goal" placeholder="As you would write it to a colleague" value=${goal}
      onInput=${(/** @type {any} */ event) => setGoal(event.target.value)}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && give(event)}></textarea>
    <div class="drop">
      <label class="button">Add files<input class="visually-hidden" type="file" multiple
        onChange=${(/** @type {any} */ event) => {
          add(event.target.files);
          event.target.value = "";
        }} /></label>
      <span class="dim">or drop them anywhere here</span>
      <ul>${files.map(
        (file, place) => html`<li key=${place}>${file.name} <span class="dim">${size(file.size)}</span>
          <button type="button" class="icon" aria-label=${`Leave out ${file.name}`} onClick=${() => setFiles(files.filter((_, index) => index !== place))}>✕</button></li>`,
      )}</ul>
    </div>
    <fieldset>
      <legend>Team</legend>
      <label><input type="radio" name="team" checked=${chosen === "automatic"} onChange=${() => setChosen("automatic")} /> The network finds who can do it</label>
      <label><input type="radio" name="team" checked=${chosen === "fixed"} onChange=${() => setChosen("fixed")} /> Only these agents</label>
      ${
        chosen === "fixed" &&
        html`<div class="pick">${known.map(
          (agent) => html`<label key=${agent.name} title=${agent.card.description}><input type="checkbox" checked=${team.has(agent.name)}
            onChange=${(/** @type {any} */ event) => {
              const next = new Set(team);
              if (event.target.checked) next.add(agent.name);
              else next.delete(agent.name);
              setTeam(next);
            }} /> ${agent.name}${agent.online ? "" : " (away)"}</label>`,
        )}</div>`
      }
      <label>Begins <select value=${initiator} onChange=${(/** @type {any} */ event) => setInitiator(event.target.value)}>
        <option value="">whoever fits best</option>
        ${known.map((agent) => html`<option key=${agent.name} value=${agent.name}>${agent.name}</option>`)}
      </select></label>
    </fieldset>
    <fieldset>
      <legend>Minds</legend>
      <label><input type="radio" name="mind" checked=${!rules} onChange=${() => setRules(false)} /> Each agent as it is set up: by its model, or by rules</label>
      <label><input type="radio" name="mind" checked=${rules} onChange=${() => setRules(true)} /> Rules only: no model is called, nothing is spent</label>
    </fieldset>
    <details>
      <summary>Limits</summary>
      <div class="limits">
        <label>Turns of the first team <input type="number" min="1" max="10000" value=${maxTurns} onInput=${(/** @type {any} */ event) => setMaxTurns(event.target.value)} /></label>
        ${BUDGETS.map(
          ([name, label, usual, step]) => html`<label key=${name}>${label}
            <input type="number" min="0" step=${step} placeholder=${usual} value=${budgets[name] ?? ""} disabled=${rules && name === "calls"}
              onInput=${(/** @type {any} */ event) => setBudgets({ ...budgets, [name]: event.target.value })} /></label>`,
        )}
      </div>
    </details>
    <${Problem} error=${error} />
    <p class="actions"><button type="submit" class="primary" disabled=${Boolean(busy)}>${busy || "Give the goal"}</button>
      <span class="dim">Ctrl+Enter</span></p>
  </form>`;
}

export function NoGoal() {
  return html`<${Empty} title="Give the network a goal">
    <p>The agents that fit find each other, form a team and talk it over. You see who says what, and can step in.</p>
    <p><a class="button primary" href="#/new">New goal</a></p>
  </${Empty}>`;
}
