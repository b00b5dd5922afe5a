// One goal: its conversation, its teams, its tasks and what it costs.
import { html, useEffect, useMemo, useState } from "../../vendor/ui.js";
import { Dialog, Empty, Files, Problem, Status, Tabs, Text } from "../parts.js";
import { FINAL, GoalWatch, useChanging } from "../store.js";
import { duration, spent } from "../words.js";
import { Board } from "./board.js";
import { Chat } from "./chat.js";
import { Costs } from "./costs.js";
import { Part } from "./me.js";
import { Replay } from "./replay.js";
import { TeamGraph } from "./teams.js";

/**
 * @param {{api: import("../api.js").Api, goalId: string, tab: string, comm: string | null, seq: number | null,
 *   me: string, person: import("../person.js").Person, onChange: () => void}} props
 */
export function GoalView({ api, goalId, tab, comm, seq, me, person, onChange }) {
  const watch = useMemo(() => new GoalWatch(api, goalId), [api, goalId]);
  useEffect(() => {
    watch.run();
    return () => watch.close();
  }, [watch]);
  useChanging(watch);
  useEffect(() => {
    if (watch.goal && FINAL.has(watch.goal.status)) onChange();
  }, [watch.goal?.status]);
  const { goal, conversation } = watch;
  if (watch.error && !goal) return html`<${Empty} title="This goal cannot be shown"><${Problem} error=${watch.error} /></${Empty}>`;
  if (!goal) return html`<p class="pad dim" role="status">Loading…</p>`;

  return html`<section class="goal">
    <${GoalHead} goal=${goal} watch=${watch} api=${api} me=${me} />
    ${!watch.connected && watch.live && watch.caughtUp && html`<p class="reconnecting" role="status">The hub is away; the page comes back by itself and misses nothing.</p>`}
    <${GoalTabs} goal=${goal} conversation=${conversation} api=${api} base=${`#/goals/${goalId}`} tab=${tab} comm=${comm} seq=${seq} live=${watch.live} me=${me} person=${person} refusals=${watch.refusals} version=${watch.version} />
  </section>`;
}

/**
 * The views of one goal, live or packed in a file.
 * @param {{goal: import("../store.js").Goal, conversation: import("../law.js").Conversation, api: import("../api.js").Api,
 *   base: string, tab: string, comm: string | null, seq: number | null, live: boolean, me: string | null,
 *   person: import("../person.js").Person | null, refusals: any[], version: number}} props `base` is the address of the goal, without a view
 */
export function GoalTabs({ goal, conversation, api, base, tab, comm, seq, live, me, person, refusals, version }) {
  const group = (comm && conversation.groups.get(comm)) || conversation.root;
  const link = (/** @type {string} */ comm_id, /** @type {number | undefined} */ at) => `${base}/chat/${comm_id}${at ? `/${at}` : ""}`;
  const here = group ? `/${group.comm_id}` : "";
  return html`
    <${Tabs} now=${tab} tabs=${[
      { id: "chat", label: "Chat", href: `${base}/chat${here}` },
      { id: "teams", label: "Teams", href: `${base}/teams`, count: conversation.groups.size },
      { id: "tasks", label: "Tasks", href: `${base}/tasks`, count: conversation.tasks.length },
      { id: "cost", label: "Cost", href: `${base}/cost` },
      { id: "replay", label: "Replay", href: `${base}/replay` },
    ]} />
    ${
      tab === "teams"
        ? html`<${TeamGraph} conversation=${conversation} link=${link} version=${version} />`
        : tab === "tasks"
          ? html`<${Board} conversation=${conversation} link=${link} />`
          : tab === "cost"
            ? html`<${Costs} api=${api} goal=${goal} conversation=${conversation} live=${live} />`
            : tab === "replay"
              ? html`<${Replay} api=${api} goal=${goal} conversation=${conversation} link=${link} />`
              : group
                ? html`<div class="talk">
                    ${conversation.groups.size > 1 && html`<${TeamList} conversation=${conversation} now=${group.comm_id} link=${link} />`}
                    <${Chat} key=${group.comm_id} group=${group} conversation=${conversation} api=${api} link=${link} seq=${seq} live=${live} me=${me} refusals=${refusals} part=${person && html`<${Part} person=${person} group=${group} />`} />
                  </div>`
                : html`<${Empty} title=${goal.status === "waiting" ? "Waiting for an agent that fits" : "The team is forming"}>
                    <p class="dim">${goal.initiator ? `${goal.initiator} looks for collaborators.` : "As soon as somebody begins, the conversation is here."}</p>
                  </${Empty}>`
    }`;
}

/** @param {{goal: import("../store.js").Goal, watch: GoalWatch, api: import("../api.js").Api, me: string}} props */
function GoalHead({ goal, watch, api, me }) {
  const [whole, setWhole] = useState(false);
  const [error, setError] = useState(/** @type {Error | null} */ (null));
  const now = useNow(watch.live);
  const took = (goal.ended_at ?? now) - goal.created_at;
  const root = watch.conversation.root;
  const used = root ? spent(watch.conversation.usageOfTree(root)) : "";
  const cancel = async () => {
    try {
      await api.json(`/v1/goals/${goal.goal_id}/cancel`, { method: "POST", body: { reason: "cancelled on the page" } });
    } catch (problem) {
      setError(/** @type {Error} */ (problem));
    }
  };
  const again = new URLSearchParams({ goal: goal.goal });
  return html`<header class="goal-head">
    <h1 class=${whole ? "" : "cut"}><button type="button" onClick=${() => setWhole(!whole)} aria-expanded=${whole} title="Show all of it">${goal.goal}</button></h1>
    <p class="meta">
      <${Status} status=${goal.status} /><span>${duration(Math.max(0, took))}</span>
      ${goal.initiator && html`<span>begun by ${goal.initiator}</span>`}
      ${used && html`<span>${used}</span>`}
      ${goal.channels.full > 0 && html`<span title="Communication channels of the nested teams, against one group of everybody">${goal.channels.nested} of ${goal.channels.full} channels</span>`}
      <span class="actions">
        ${watch.live && goal.owner === me && html`<button type="button" class="link danger" onClick=${cancel}>Cancel</button>`}
        ${!watch.live && goal.comm_id && html`<a href=${`#/new?continues=${goal.comm_id}`}>Continue</a>`}
        ${!watch.live && html`<a href=${`#/new?${again}`}>Run again</a> <a href=${`#/compare/${goal.goal_id}`}>Compare</a>`}
      </span>
    </p>
    <${Problem} error=${error} />
    ${goal.conclusion !== null && html`<${Answer} goal=${goal} api=${api} />`}
  </header>`;
}

/** @param {{goal: import("../store.js").Goal, api: import("../api.js").Api}} props */
export function Answer({ goal, api }) {
  const [open, setOpen] = useState(false);
  const files = goal.artifacts.length;
  return html`<p class="answer">
    <button type="button" onClick=${() => setOpen(true)}>Answer${files ? ` and ${files} ${files === 1 ? "file" : "files"}` : ""}</button>
    ${open && html`<${Dialog} wide title="Answer" onClose=${() => setOpen(false)}>
      <div class="answer-text"><${Text} text=${goal.conclusion ?? ""} fold=${40_000} /><${Files} files=${goal.artifacts} api=${api} /></div>
    </${Dialog}>`}
  </p>`;
}

/** @param {{conversation: import("../law.js").Conversation, now: string, link: (comm_id: string) => string}} props */
function TeamList({ conversation, now, link }) {
  return html`<nav class="teams-nav" aria-label="Teams">
    <ul>${[...conversation.groups.values()].map(
      (group) => html`<li key=${group.comm_id} class=${`depth-${Math.min(group.depth, 4)}`}>
        <a href=${link(group.comm_id)} aria-current=${group.comm_id === now ? "page" : undefined}>
          <span class=${`dot is-${group.state}`} aria-hidden="true"></span>
          <span>Team ${group.number}<span class="dim"> ${group.initiator}</span></span>
          ${group.openTasks.length > 0 && html`<span class="count" title="open tasks">${group.openTasks.length}</span>`}
        </a>
      </li>`,
    )}</ul>
  </nav>`;
}

/** The time now, once a second while something runs. @param {boolean} ticking */
function useNow(ticking) {
  const [now, setNow] = useState(Date.now() / 1000);
  useEffect(() => {
    if (!ticking) return undefined;
    const timer = setInterval(() => setNow(Date.now() / 1000), 1_000);
    return () => clearInterval(timer);
  }, [ticking]);
  return now;
}
