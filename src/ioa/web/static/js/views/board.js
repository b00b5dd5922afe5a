// All tasks of the tree: a board by status, and a timeline that makes waiting visible.
import { html, useEffect, useRef, useState } from "../../vendor/ui.js";
import { oneLine } from "../markdown.js";
import { Avatar, Status } from "../parts.js";
import { duration } from "../words.js";

/**
 * @typedef {import("../law.js").Task} Task
 * @typedef {{conversation: import("../law.js").Conversation, link: (comm_id: string, seq?: number) => string}} Props
 */

/** @param {Props} props */
export function Board({ conversation, link }) {
  const [view, setView] = useState("board");
  const tasks = conversation.tasks;
  return html`<section class="tasks" aria-label="Tasks" tabindex="0">
    <div class="switch" role="group" aria-label="View">
      <button type="button" class="chip" aria-pressed=${view === "board"} onClick=${() => setView("board")}>Board</button>
      <button type="button" class="chip" aria-pressed=${view === "timeline"} onClick=${() => setView("timeline")}>Timeline</button>
    </div>
    ${!tasks.length ? html`<p class="pad dim">No task has been assigned yet.</p>` : view === "board" ? html`<${Columns} conversation=${conversation} link=${link} />` : html`<${Timeline} conversation=${conversation} link=${link} />`}
  </section>`;
}

const COLUMNS = /** @type {const} */ ([
  ["Pending", ["pending"]],
  ["In progress", ["in_progress"]],
  ["Done", ["completed"]],
  ["Not done", ["failed", "cancelled", "unknown"]],
]);

/** @param {Props} props */
function Columns({ conversation, link }) {
  const tasks = conversation.tasks;
  return html`<div class="columns" tabindex="0" role="group" aria-label="Tasks by status">
    ${COLUMNS.map(([title, statuses]) => {
      const mine = tasks.filter((task) => /** @type {readonly string[]} */ (statuses).includes(task.status));
      return html`<section key=${title} class="column" aria-label=${title}>
        <h2>${title} <span class="count">${mine.length}</span></h2>
        ${mine.map((task) => html`<${Card} key=${task.comm_id + task.task_id} task=${task} conversation=${conversation} link=${link} />`)}
      </section>`;
    })}
  </div>`;
}

/** @param {{task: Task} & Props} props */
function Card({ task, conversation, link }) {
  const group = conversation.groups.get(task.comm_id);
  return html`<a class=${`card is-${task.status}`} href=${link(task.comm_id, task.assignedSeq)}>
    <span class="dim">Team ${group?.number} · task ${task.number} ${task.synchronous ? "" : "· async"}</span>
    <span>${oneLine(task.abstract || task.desc, 160)}</span>
    ${task.reports.map((report) => html`<span key=${report.assignee} class="who"><${Avatar} name=${report.assignee} small /> ${report.assignee} ${task.reports.length > 1 && html`<${Status} status=${report.status} />`}
      ${report.progress && report.status === "in_progress" && html`<span class="dim">${report.progress}</span>`}</span>`)}
    ${task.subgroups.length > 0 && html`<span class="dim">${task.subgroups.length} nested ${task.subgroups.length === 1 ? "team" : "teams"}</span>`}
  </a>`;
}

const ROW = 26;
const LEAST = 200;

/** @param {Props} props */
function Timeline({ conversation, link }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const [room, setRoom] = useState(900);
  useEffect(() => {
    if (!box.current) return undefined;
    const observer = new ResizeObserver(([entry]) => setRoom(entry.contentRect.width));
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  const names = room < 560 ? 120 : 210;
  const wide = Math.max(LEAST, room - names - 24);
  const start = conversation.startedAt ?? 0;
  const end = Math.max(start + 0.001, conversation.lastAt ?? start);
  const x = (/** @type {number} */ at) => ((at - start) / (end - start)) * wide;
  /** @type {{label: string, title: string, href: string, bars: {from: number, to: number, kind: string, title: string}[], depth: number}[]} */
  const rows = [];
  for (const group of conversation.groups.values()) {
    const bars = group.waits.map((wait) => ({
      from: wait.from,
      to: wait.to ?? end,
      kind: "wait",
      title: `${group.returnsTo ?? group.initiator} waits (${wait.why === "pause" ? "pause" : "sync tasks"}) ${duration((wait.to ?? end) - wait.from)}`,
    }));
    bars.unshift({ from: group.startedAt, to: group.endedAt ?? end, kind: "talk", title: `Team ${group.number}: ${duration((group.endedAt ?? end) - group.startedAt)}` });
    rows.push({ label: `Team ${group.number} · ${group.initiator}`, title: oneLine(group.goal, 200), href: link(group.comm_id), bars, depth: group.depth });
    for (const task of group.tasks.values()) {
      for (const report of task.reports) {
        const done = report.endedAt ?? end;
        const began = report.startedAt ?? done;
        rows.push({
          label: `${task.number}. ${report.assignee}`,
          title: oneLine(task.abstract || task.desc, 200),
          href: link(group.comm_id, task.assignedSeq),
          depth: group.depth + 1,
          bars: [
            { from: task.assignedAt, to: began, kind: "queued", title: `waited to begin ${duration(began - task.assignedAt)}` },
            { from: began, to: done, kind: report.status, title: `${report.status.replace("_", " ")}, ${duration(done - began)}` },
          ],
        });
      }
    }
  }
  const ticks = [0, 0.25, 0.5, 0.75, 1];
  return html`<div class="timeline" ref=${box} tabindex="0" role="group" aria-label="Timeline">
    <svg viewBox=${`0 0 ${names + wide + 10} ${rows.length * ROW + 30}`} width=${names + wide + 10} height=${rows.length * ROW + 30}>
      ${ticks.map((tick) => html`<g key=${tick} class="tick"><line x1=${names + tick * wide} x2=${names + tick * wide} y1="18" y2=${rows.length * ROW + 24} />
        <text x=${names + tick * wide} y="12" text-anchor=${tick === 1 ? "end" : "middle"}>${duration(tick * (end - start))}</text></g>`)}
      ${rows.map(
        (row, place) => html`<a key=${place} href=${row.href}><g transform=${`translate(0, ${place * ROW + 22})`}>
          <title>${row.title}</title>
          <text x=${8 + row.depth * 12} y="17">${oneLine(row.label, names / 7.5 - row.depth * 2)}</text>
          ${row.bars.map((bar, index) => html`<rect key=${index} class=${`bar is-${bar.kind}`} x=${names + x(bar.from)} width=${Math.max(1.5, x(bar.to) - x(bar.from))} y=${bar.kind === "talk" ? 10 : 5} height=${bar.kind === "talk" ? 6 : 16} rx="3"><title>${bar.title}</title></rect>`)}
        </g></a>`,
      )}
    </svg>
    <p class="legend dim"><span class="swatch is-talk"></span> team talks <span class="swatch is-wait"></span> team waits <span class="swatch is-queued"></span> task waits to begin <span class="swatch is-completed"></span> at work</p>
  </div>`;
}
