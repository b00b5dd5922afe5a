// A group chat: the state machine as a strip, the messages, and what can be said to it.
import { html, useEffect, useMemo, useRef, useState } from "../../vendor/ui.js";
import { STATES } from "../law.js";
import { oneLine } from "../markdown.js";
import { Avatar, Files, Status, Text } from "../parts.js";
import { VirtualList } from "../virtual.js";
import { clock, duration, spent, STATE_HELP, STATE_WORDS } from "../words.js";
import { Composer } from "./composer.js";
import { Steps } from "./steps.js";

/**
 * @typedef {import("../law.js").Group} Group
 * @typedef {import("../law.js").Entry} Entry
 * @typedef {import("../law.js").Task} Task
 * @typedef {{group: Group, conversation: import("../law.js").Conversation, api: import("../api.js").Api | null,
 *   link: (comm_id: string, seq?: number) => string, goTo: (seq: number) => void}} Context
 */

/** Where the group is, and why it moved there. @param {{group: Group, onMove: (seq: number) => void}} props */
export function StateStrip({ group, onMove }) {
  const last = group.moves.at(-1);
  const why = last ? `${STATE_WORDS[last.to]} since entry ${last.seq}, by ${last.by}` : "Discussion since the group was launched";
  const waits = group.waiting.filter((id) => group.tasks.get(id)?.open).length;
  return html`<div class="strip">
    <ol aria-label="States of the group" tabindex="0">
      ${STATES.map((state) => {
        const times = group.moves.filter((move) => move.to === state).length + (state === "discussion" && !group.moves.length ? 1 : 0);
        return html`<li key=${state} class=${`state is-${state}`} aria-current=${group.state === state ? "step" : undefined} title=${STATE_HELP[state]}>
          ${STATE_WORDS[state]}${times > 1 && html`<span class="count" title=${`chosen ${times} times`}>${times}</span>`}
        </li>`;
      })}
    </ol>
    <p class="why">
      ${last ? html`<button type="button" class="link" onClick=${() => onMove(last.seq)}>${why}</button>` : why}
      ${
        group.ended
          ? html` · ${group.forced ? "forced by a limit" : group.outcome}`
          : group.floor
            ? html` · <strong>${group.floor}</strong> has the floor · ${group.turnsLeft} turns left`
            : html` · waits for ${waits} ${waits === 1 ? "task" : "tasks"}, then <strong>${group.returnsTo}</strong> speaks`
      }
    </p>
  </div>`;
}

/** @param {{entry: Entry, context: Context, marked: boolean}} props */
function Row({ entry, context, marked }) {
  const { message } = entry;
  const body = words(entry, context);
  if (body.quiet) {
    return html`<div class=${`entry quiet${marked ? " marked" : ""}`} id=${`entry-${message.seq}`}>
      <span class="quiet-mark" aria-hidden="true">${body.mark}</span>
      <div class="quiet-text">${body.head} ${body.rest}</div>
      <time datetime=${new Date(entry.at * 1000).toISOString()}>${clock(entry.at)}</time>
    </div>`;
  }
  const used = message.usage
    ? spent({
        calls: message.usage.calls ?? 0,
        tokens: (message.usage.input_tokens ?? 0) + (message.usage.output_tokens ?? 0),
        cost_usd: message.usage.cost_usd ?? 0,
      })
    : "";
  return html`<article class=${`entry is-${message.type}${marked ? " marked" : ""}`} id=${`entry-${message.seq}`} aria-label=${`${message.sender}, ${STATE_WORDS[message.type] ?? message.type}`}>
    <${Avatar} name=${message.sender} />
    <div class="bubble">
      <header>
        <strong class="who">${message.sender}</strong>
        <span class="dim">${body.head}</span>
        <a class="seq" href=${context.link(message.comm_id, message.seq)} title="Link to this entry">#${message.seq}</a>
        <time datetime=${new Date(entry.at * 1000).toISOString()}>${clock(entry.at)}</time>
      </header>
      ${body.rest}
      ${
        (message.thought || used) &&
        html`<footer>
          ${used && html`<span class="dim" title=${message.usage?.model ?? ""}>${used}</span>`}
          ${
            message.thought &&
            html`<details><summary>Thought</summary><${Text} text=${message.thought} /></details>`
          }
        </footer>`
      }
    </div>
  </article>`;
}

/** @param {Entry} entry @param {Context} context @returns {{head?: any, rest?: any, quiet?: boolean, mark?: string}} */
function words(entry, context) {
  const { message } = entry;
  const { group, api } = context;
  const task = message.task_id ? group.tasks.get(message.task_id) : undefined;
  const named = (/** @type {string | undefined} */ id) => {
    const one = id ? group.tasks.get(id) : undefined;
    return one
      ? html`<button type="button" class="link" onClick=${() => context.goTo(one.assignedSeq)} title=${oneLine(one.desc, 300)}>task ${one.number}</button>`
      : "a task";
  };
  switch (message.type) {
    case "launch":
      return {
        head: group.members.length > 1 ? `forms a team of ${group.members.length}` : "works on it alone",
        rest: html`<${Text} text=${message.goal ?? ""} />
          <p class="dim">${group.members.map((name) => html`<span key=${name} class="member"><${Avatar} name=${name} small /> ${name}</span> `)}</p>
          <${Files} files=${message.artifacts ?? []} api=${api} />
          ${
            message.given?.length &&
            html`<details><summary>Known from before (${message.given.length})</summary>
              ${message.given.map((given, place) => html`<blockquote key=${place}><strong>${given.agent}</strong>: ${oneLine(given.task_desc, 200)}<${Text} text=${given.conclusion} fold=${1_500} /></blockquote>`)}
            </details>`
          }`,
      };
    case "discussion":
      return { head: html`→ ${(message.next_speaker ?? []).join(", ")}`, rest: html`<${Text} text=${message.content ?? ""} />` };
    case "sync_task":
    case "async_task":
      return {
        head: message.type === "sync_task" ? "assigns and waits" : "assigns and goes on",
        rest: html`${message.content && html`<${Text} text=${message.content} />`}
          ${(message.tasks ?? []).map((one) => html`<${TaskCard} key=${one.task_id} task=${group.tasks.get(one.task_id)} context=${context} />`)}`,
      };
    case "pause":
      return {
        head: html`pauses until ${(message.triggers ?? []).map((id, place) => html`${place ? ", " : ""}${named(id)}`)} ended`,
        rest: message.content ? html`<${Text} text=${message.content} />` : null,
      };
    case "conclusion":
      return {
        head: html`concludes <${Status} status=${message.outcome ?? "completed"} />${message.forced ? " (forced: a limit was reached)" : ""}`,
        rest: html`<${Text} text=${message.content ?? ""} fold=${12_000} /><${Files} files=${message.artifacts ?? []} api=${api} />`,
      };
    case "task_result": {
      const who = message.assignee ?? message.sender;
      const report = task?.reports.find((one) => one.assignee === who);
      const took = report?.startedAt && report.endedAt ? ` in ${duration(report.endedAt - report.startedAt)}` : "";
      return {
        head: html`${who === message.sender ? "" : `for ${who} `}${named(message.task_id)} <${Status} status=${message.status ?? "completed"} />${took}`,
        rest: html`<${Text} text=${message.task_conclusion ?? ""} />
          <${Files} files=${message.artifacts ?? []} api=${api} />
          <${Steps} files=${message.artifacts ?? []} api=${api} />
          ${message.subgroup && html`<p><a href=${context.link(message.subgroup)}>The team that found it</a></p>`}`,
      };
    }
    case "interjection":
      return { head: "says, without the floor", rest: html`<${Text} text=${message.content ?? ""} />` };
    case "task_start":
      return {
        quiet: true,
        mark: "▸",
        head: html`<strong>${message.sender}</strong> begins ${named(message.task_id)}`,
        rest: html`<span class="dim">${oneLine(message.task_abstract || message.task_desc || "", 200)}</span>
          ${message.criteria && html`<span class="dim"> · done when: ${oneLine(message.criteria, 200)}</span>`}`,
      };
    case "task_progress":
      return { quiet: true, mark: "…", head: html`<strong>${message.sender}</strong>, ${named(message.task_id)}:`, rest: message.content };
    case "task_cancel":
      return { quiet: true, mark: "⊘", head: html`<strong>${message.sender}</strong> cancels ${named(message.task_id)}`, rest: html`<span class="dim">${message.content ?? ""}</span>` };
    case "deadline":
      return {
        quiet: true,
        mark: "⏱",
        head: message.overdue === "task" ? html`${named(message.task_id)} is overdue` : html`<strong>${message.member}</strong> loses the floor`,
        rest: html`<span class="dim">${message.content ?? ""}</span>`,
      };
    case "subgroup":
      return {
        quiet: true,
        mark: "↳",
        head: html`<strong>${message.assignee}</strong> forms <a href=${context.link(message.subgroup ?? "")}>a team of ${message.team_members?.length ?? 0}</a> for ${named(message.task_id)}`,
        rest: html`<span class="dim">${(message.team_members ?? []).join(", ")}</span>`,
      };
    default:
      return { quiet: true, mark: "?", head: `${message.sender}: ${message.type}`, rest: null };
  }
}

/** A task where it was assigned, as it stands now. @param {{task: Task | undefined, context: Context}} props */
export function TaskCard({ task, context }) {
  if (!task) return null;
  return html`<div class=${`task is-${task.status}`}>
    <header><span class="task-number">task ${task.number}</span> <${Status} status=${task.status} />
      ${task.subgroups.map((comm_id) => html`<a key=${comm_id} href=${context.link(comm_id)}>nested team</a>`)}
    </header>
    <p>${oneLine(task.abstract || task.desc, 400)}</p>
    ${
      task.buildsOn.length > 0 &&
      html`<p class="dim">builds on ${task.buildsOn.map((id) => `task ${context.group.tasks.get(id)?.number ?? "?"}`).join(", ")}</p>`
    }
    <ul class="reports">
      ${task.reports.map(
        (report) => html`<li key=${report.assignee}>
          <${Avatar} name=${report.assignee} small /> <strong>${report.assignee}</strong>${" "}
          <span class="dim">${report.status === "in_progress" && report.progress ? report.progress : report.abstract ? oneLine(report.abstract, 160) : ""}</span>
        </li>`,
      )}
    </ul>
  </div>`;
}

/** Does an entry contain the words? @param {Entry} entry @param {string} words lower case */
function contains(entry, words) {
  const { message } = entry;
  const texts = [message.sender, message.content, message.goal, message.task_conclusion, message.task_abstract, message.thought];
  for (const file of message.artifacts ?? []) texts.push(file.name);
  for (const task of message.tasks ?? []) texts.push(task.task_desc, ...task.assignee);
  return texts.some((text) => text?.toLowerCase().includes(words));
}

/**
 * @param {{group: Group, conversation: import("../law.js").Conversation, api: import("../api.js").Api | null,
 *   link: (comm_id: string, seq?: number) => string, seq: number | null, live: boolean, me: string | null,
 *   refusals: {at: number, rule: string, code: string, sender: string, comm_id: string}[], part?: any}} props
 *   `part` is what the reader can do as a member
 */
export function Chat({ group, conversation, api, link, seq, live, me, refusals, part = null }) {
  const [sought, setSought] = useState("");
  const [place, setPlace] = useState(0);
  const [jump, setJump] = useState(/** @type {{index: number} | null} */ (null));
  const [marked, setMarked] = useState(/** @type {number | null} */ (seq));
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  const entries = group.entries;

  const found = useMemo(() => {
    const lower = sought.trim().toLowerCase();
    return lower ? entries.flatMap((entry, index) => (contains(entry, lower) ? [index] : [])) : [];
  }, [sought, entries.length]);

  const goTo = (/** @type {number} */ wanted) => {
    setMarked(wanted);
    setJump({ index: entries.findIndex((entry) => entry.message.seq === wanted) });
  };
  useEffect(() => {
    if (seq !== null) goTo(seq);
  }, [seq, group.comm_id]);
  useEffect(() => {
    const keys = (/** @type {KeyboardEvent} */ event) => {
      if ((event.ctrlKey || event.metaKey) && event.key === "f" && field.current) {
        event.preventDefault();
        field.current.focus();
      }
    };
    addEventListener("keydown", keys);
    return () => removeEventListener("keydown", keys);
  }, []);
  const step = (/** @type {number} */ by) => {
    if (!found.length) return;
    const next = (place + by + found.length) % found.length;
    setPlace(next);
    setMarked(entries[found[next]].message.seq);
    setJump({ index: found[next] });
  };

  const context = { group, conversation, api, link, goTo };
  const mine = refusals.filter((one) => one.comm_id === group.comm_id).slice(-3);
  return html`<section class="chat" aria-label=${`Team ${group.number}`}>
    <${StateStrip} group=${group} onMove=${goTo} />
    <form class="find" role="search" onSubmit=${(/** @type {Event} */ event) => {
      event.preventDefault();
      step(1);
    }}>
      <input ref=${field} type="search" placeholder="Find in this chat" aria-label="Find in this chat" value=${sought}
        onInput=${(/** @type {any} */ event) => {
          setSought(event.target.value);
          setPlace(-1);
        }} />
      ${sought.trim() && html`<span class="dim" aria-live="polite">${found.length ? `${Math.max(0, place) + 1} of ${found.length}` : "nothing found"}</span>
        <button type="button" class="icon" aria-label="Earlier" onClick=${() => step(-1)}>↑</button>
        <button type="submit" class="icon" aria-label="Next">↓</button>`}
    </form>
    <${VirtualList}
      items=${entries}
      keyOf=${(/** @type {Entry} */ entry) => entry.cursor}
      label="Messages"
      follow=${live || seq === null}
      jump=${jump}
      row=${(/** @type {Entry} */ entry) => html`<${Row} entry=${entry} context=${context} marked=${entry.message.seq === marked} />`}
    />
    ${mine.map((one) => html`<p key=${one.at} class="refused" role="status">Refused to ${one.sender} (${one.code}): ${one.rule}</p>`)}
    <p class="visually-hidden" aria-live="polite">${live ? lastWords(group) : ""}</p>
    ${part}
    ${me && api && html`<${Composer} group=${group} api=${api} me=${me} />`}
  </section>`;
}

/** What a screen reader says of the newest entry. @param {Group} group */
function lastWords(group) {
  const last = group.entries.at(-1)?.message;
  return last ? `${last.sender}: ${oneLine(last.content ?? last.task_conclusion ?? last.type, 120)}` : "";
}
