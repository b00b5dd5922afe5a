// The forms of a person who is asked: a turn with the floor, a task, a goal that is offered. They offer what the law
// allows; the hub judges all the same, and its reason is shown.
import { html, useState } from "../../vendor/ui.js";
import { oneLine } from "../markdown.js";
import { Files, Problem, Status, Text } from "../parts.js";

/**
 * @typedef {import("../person.js").Person} Person
 * @typedef {import("../law.js").Group} Group
 * @typedef {import("../law.js").Task} Task
 */

/** Send once, show what went wrong. @returns {{busy: boolean, error: Error | null, run: (work: () => Promise<unknown>) => Promise<boolean>}} */
function useSending() {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {Error | null} */ (null));
  const run = async (/** @type {() => Promise<unknown>} */ work) => {
    setBusy(true);
    setError(null);
    try {
      await work();
      setBusy(false);
      return true;
    } catch (problem) {
      setError(/** @type {Error} */ (problem));
      setBusy(false);
      return false;
    }
  };
  return { busy, error, run };
}

/** @param {{label: string, value: string, onInput: (text: string) => void, rows?: number}} props */
function Area({ label, value, onInput, rows = 3 }) {
  return html`<textarea rows=${rows} aria-label=${label} placeholder=${label} value=${value} onInput=${(/** @type {any} */ event) => onInput(event.target.value)}></textarea>`;
}

/** @param {{files: File[], onFiles: (files: File[]) => void}} props */
function Attach({ files, onFiles }) {
  return html`<span class="attach"><label class="button">Add files<input class="visually-hidden" type="file" multiple onChange=${(/** @type {any} */ event) => onFiles([...files, ...event.target.files])} /></label>
    <span class="dim">${files.map((file) => file.name).join(", ")}</span></span>`;
}

const TURNS = /** @type {const} */ ([
  ["say", "Say"],
  ["assign", "Give a task"],
  ["pause", "Pause"],
  ["conclude", "Conclude"],
]);

/** @param {{person: Person, group: Group}} props */
export function TurnForm({ person, group }) {
  const others = group.members.filter((name) => name !== person.name);
  const must = group.turnsLeft === 0;
  const last = group.entries.findLast((entry) => entry.message.type === "discussion" && entry.message.sender !== person.name);
  const [kind, setKind] = useState(must ? "conclude" : "say");
  const [text, setText] = useState("");
  const [next, setNext] = useState(last?.message.sender ?? others[0] ?? "");
  const [who, setWho] = useState(/** @type {Set<string>} */ (new Set(others.slice(0, 1))));
  const [wait, setWait] = useState(true);
  const [triggers, setTriggers] = useState(/** @type {Set<string>} */ (new Set(group.openTasks.map((task) => task.task_id))));
  const [outcome, setOutcome] = useState("completed");
  const [files, setFiles] = useState(/** @type {File[]} */ ([]));
  const { busy, error, run } = useSending();

  const answer = (/** @type {string} */ words) => run(() => person.post(group, "discussion", { content: words, next_speaker: [next] }));
  const send = (/** @type {Event} */ event) => {
    event.preventDefault();
    run(async () => {
      if (kind === "say") await person.post(group, "discussion", { content: text, next_speaker: [next] });
      else if (kind === "assign") {
        const assignees = [...who];
        await person.post(group, wait ? "sync_task" : "async_task", { content: "", next_speaker: assignees, tasks: assignees.map((assignee) => ({ task_desc: text, assignee: [assignee] })) });
      } else if (kind === "pause") await person.post(group, "pause", { content: text, triggers: [...triggers] });
      else {
        const artifacts = await Promise.all(files.map((file) => person.api.upload(file)));
        await person.post(group, "conclusion", { content: text, outcome, artifacts });
      }
    });
  };
  const toggled = (/** @type {Set<string>} */ set, /** @type {string} */ one) => {
    const copy = new Set(set);
    if (!copy.delete(one)) copy.add(one);
    return copy;
  };
  const open = group.openTasks;
  return html`<form class="turn" onSubmit=${send} aria-label="Your turn">
    <h3>You have the floor${must ? "; the team has no turns left, so only the conclusion is possible" : ""}</h3>
    ${last && html`<blockquote>${last.message.sender}: ${oneLine(last.message.content ?? "", 300)}</blockquote>`}
    <div class="nudges" role="group" aria-label="What to do">
      ${TURNS.filter(([id]) => (must ? id === "conclude" : id !== "pause" || open.length > 0)).map(
        ([id, label]) => html`<button key=${id} type="button" class="chip" aria-pressed=${kind === id} onClick=${() => setKind(id)}>${label}</button>`,
      )}
      ${!must && kind === "say" && html`<span class="dim">quick answers:</span>
        <button type="button" class="chip" disabled=${busy || !next} onClick=${() => answer("Yes, approved.")}>Approve</button>
        <button type="button" class="chip" disabled=${busy || !next} onClick=${() => answer("No, I do not approve this.")}>Decline</button>`}
    </div>
    ${
      kind === "say" &&
      html`<${Area} label="What you say" value=${text} onInput=${setText} />
        <label>Then speaks <select value=${next} onChange=${(/** @type {any} */ event) => setNext(event.target.value)}>${others.map((name) => html`<option key=${name} value=${name}>${name}</option>`)}</select></label>`
    }
    ${
      kind === "assign" &&
      html`<${Area} label="The task" value=${text} onInput=${setText} />
        <div class="pick">${group.members.map((name) => html`<label key=${name}><input type="checkbox" checked=${who.has(name)} onChange=${() => setWho(toggled(who, name))} /> ${name}</label>`)}</div>
        <label><input type="checkbox" checked=${wait} onChange=${(/** @type {any} */ event) => setWait(event.target.checked)} /> wait for the result</label>`
    }
    ${
      kind === "pause" &&
      html`<${Area} label="Why" value=${text} onInput=${setText} rows=${2} />
        <div class="pick">${open.map((task) => html`<label key=${task.task_id}><input type="checkbox" checked=${triggers.has(task.task_id)} onChange=${() => setTriggers(toggled(triggers, task.task_id))} /> until task ${task.number} has ended</label>`)}</div>`
    }
    ${
      kind === "conclude" &&
      html`<${Area} label="The answer of the team" value=${text} onInput=${setText} rows=${5} />
        <label>It answers the goal <select value=${outcome} onChange=${(/** @type {any} */ event) => setOutcome(event.target.value)}><option value="completed">wholly</option><option value="partial">in part</option><option value="failed">not</option></select></label>
        <${Attach} files=${files} onFiles=${setFiles} />`
    }
    <${Problem} error=${error} />
    <p class="actions"><button type="submit" class="primary" disabled=${busy || (kind !== "pause" && !text.trim()) || (kind === "assign" && !who.size) || (kind === "pause" && !triggers.size)}>Send</button></p>
  </form>`;
}

/** @param {{person: Person, group: Group, task: Task}} props */
export function TaskForm({ person, group, task }) {
  const [text, setText] = useState("");
  const [progress, setProgress] = useState("");
  const [files, setFiles] = useState(/** @type {File[]} */ ([]));
  const { busy, error, run } = useSending();
  const mine = task.reports.find((report) => report.assignee === person.name);
  if (!mine) return null;
  const begin = () => run(() => person.post(group, "task_start", { task_id: task.task_id, task_desc: task.desc }));
  const tell = async () => {
    if (await run(() => person.post(group, "task_progress", { task_id: task.task_id, content: progress }))) setProgress("");
  };
  const end = (/** @type {"completed" | "failed"} */ status) =>
    run(async () => {
      const artifacts = await Promise.all(files.map((file) => person.api.upload(file)));
      await person.post(group, "task_result", { task_id: task.task_id, status, task_conclusion: text, task_abstract: oneLine(text, 200), artifacts });
    });
  return html`<form class="turn" aria-label=${`Task ${task.number}`} onSubmit=${(/** @type {Event} */ event) => {
    event.preventDefault();
    end("completed");
  }}>
    <h3>Task ${task.number} is yours <${Status} status=${mine.status} /></h3>
    <${Text} text=${task.desc} fold=${1_500} />
    ${
      mine.status === "pending"
        ? html`<p class="actions"><button type="button" class="primary" disabled=${busy} onClick=${begin}>Begin</button></p>`
        : html`<${Area} label="Your result" value=${text} onInput=${setText} rows=${4} />
            <${Attach} files=${files} onFiles=${setFiles} />
            <p class="actions"><button type="submit" class="primary" disabled=${busy || !text.trim()}>Deliver</button>
              <button type="button" class="danger" disabled=${busy || !text.trim()} onClick=${() => end("failed")}>I cannot do it</button>
              <input aria-label="How far you are" placeholder="How far you are" value=${progress} maxlength="2000" onInput=${(/** @type {any} */ event) => setProgress(event.target.value)} />
              <button type="button" disabled=${busy || !progress.trim()} onClick=${tell}>Tell</button></p>`
    }
    <${Problem} error=${error} />
  </form>`;
}

/** @param {{api: import("../api.js").Api, person: Person, offer: import("../person.js").Offer}} props */
export function OfferForm({ api, person, offer }) {
  const [sought, setSought] = useState("");
  const [found, setFound] = useState(/** @type {any[]} */ ([]));
  const [team, setTeam] = useState(/** @type {string[]} */ ([]));
  const { busy, error, run } = useSending();
  const search = (/** @type {Event} */ event) => {
    event.preventDefault();
    run(async () => {
      const page = await api.json("/v1/agents", { query: { search: sought, limit: 8 } });
      setFound(page.items.filter((/** @type {any} */ agent) => agent.name !== person.name && (!offer.team?.length || offer.team.includes(agent.name))));
    });
  };
  const launch = () =>
    run(async () => {
      location.hash = `#/me/${await person.launch(offer, team)}`;
    });
  return html`<section class="turn" aria-label="A goal is offered to you">
    <h3>${offer.owner} asks, and you were chosen to begin</h3>
    <${Text} text=${offer.goal} />
    <${Files} files=${offer.artifacts ?? []} api=${api} />
    <form onSubmit=${search} class="say"><input type="search" aria-label="Whom do you need?" placeholder="Whom do you need?" value=${sought} onInput=${(/** @type {any} */ event) => setSought(event.target.value)} />
      <button type="submit" disabled=${busy || !sought.trim()}>Find</button></form>
    <div class="pick">${[...new Set([...team, ...found.map((agent) => agent.name)])].map((name) => html`<label key=${name}><input type="checkbox" checked=${team.includes(name)} onChange=${() => setTeam(team.includes(name) ? team.filter((one) => one !== name) : [...team, name])} /> ${name}</label>`)}</div>
    <${Problem} error=${error} />
    <p class="actions"><button type="button" class="primary" disabled=${busy} onClick=${launch}>${team.length ? `Form a team with ${team.join(", ")}` : "Do it alone"}</button></p>
  </section>`;
}
