// A goal plays again, at a chosen speed or by hand. The same views as live, fed with a prefix of the log.
import { html, useEffect, useMemo, useRef, useState } from "../../vendor/ui.js";
import { Conversation } from "../law.js";
import { clock, duration } from "../words.js";
import { Board } from "./board.js";
import { Chat } from "./chat.js";
import { TeamGraph } from "./teams.js";

const SPEEDS = [0.25, 1, 4, 16, 64];
const LONGEST_GAP_S = 3; // of played time: nobody wants to watch a model think for a minute

/**
 * @param {{api: import("../api.js").Api | null, goal: import("../store.js").Goal,
 *   conversation: import("../law.js").Conversation, link: (comm_id: string, seq?: number) => string}} props
 */
export function Replay({ api, conversation }) {
  const entries = conversation.entries;
  const [place, setPlace] = useState(Math.min(1, entries.length)); // how many entries have been said
  const [playing, setPlaying] = useState(false);
  const [speed, setSpeed] = useState(1);
  const [view, setView] = useState("chat");
  const [comm, setComm] = useState(/** @type {string | null} */ (null));
  const shown = useRef(new Conversation());

  const now = useMemo(() => {
    if (shown.current.entries.length > place) shown.current = new Conversation();
    for (const entry of entries.slice(shown.current.entries.length, place)) shown.current.take(entry);
    return shown.current;
  }, [place, entries.length]);

  useEffect(() => {
    if (!playing) return undefined;
    if (place >= entries.length) {
      setPlaying(false);
      return undefined;
    }
    const gap = place ? Math.min(LONGEST_GAP_S, entries[place].at - entries[place - 1].at) : 0;
    const timer = setTimeout(() => setPlace(place + 1), Math.max(15, (gap * 1_000) / speed));
    return () => clearTimeout(timer);
  }, [playing, place, speed, entries.length]);

  const last = now.entries.at(-1);
  const followed = comm && now.groups.has(comm) ? comm : last?.message.comm_id;
  const group = followed ? (now.groups.get(followed) ?? now.root) : now.root;
  const start = conversation.startedAt ?? 0;
  const stay = () => "#";
  return html`<section class="replay" aria-label="Replay">
    <div class="player">
      <button type="button" class="primary" onClick=${() => {
        if (!playing && place >= entries.length) setPlace(1);
        setPlaying(!playing);
      }}>${playing ? "Pause" : "Play"}</button>
      <button type="button" class="icon" aria-label="One entry back" disabled=${place <= 1} onClick=${() => setPlace(place - 1)}>‹</button>
      <button type="button" class="icon" aria-label="One entry on" disabled=${place >= entries.length} onClick=${() => setPlace(place + 1)}>›</button>
      <input type="range" min="0" max=${entries.length} value=${place} aria-label="Entry" aria-valuetext=${last ? `entry ${place} of ${entries.length}, ${clock(last.at)}` : "before the first entry"}
        onInput=${(/** @type {any} */ event) => {
          setPlaying(false);
          setPlace(Number(event.target.value));
        }} />
      <span class="dim">${place} of ${entries.length}${last && ` · ${duration(last.at - start)}`}</span>
      <label>Speed <select value=${speed} onChange=${(/** @type {any} */ event) => setSpeed(Number(event.target.value))}>
        ${SPEEDS.map((one) => html`<option key=${one} value=${one}>${one}×</option>`)}</select></label>
      <label>Show <select value=${view} onChange=${(/** @type {any} */ event) => setView(event.target.value)}>
        <option value="chat">Chat</option><option value="teams">Teams</option><option value="tasks">Tasks</option></select></label>
      ${
        view === "chat" &&
        now.groups.size > 1 &&
        html`<label>Team <select value=${comm ?? ""} onChange=${(/** @type {any} */ event) => setComm(event.target.value || null)}>
          <option value="">whoever speaks</option>${[...now.groups.values()].map((one) => html`<option key=${one.comm_id} value=${one.comm_id}>Team ${one.number} · ${one.initiator}</option>`)}</select></label>`
      }
    </div>
    ${
      !group
        ? html`<p class="pad dim">Nothing has been said yet.</p>`
        : view === "teams"
          ? html`<${TeamGraph} conversation=${now} link=${stay} version=${place} />`
          : view === "tasks"
            ? html`<${Board} conversation=${now} link=${stay} />`
            : html`<${Chat} key=${group.comm_id} group=${group} conversation=${now} api=${api} link=${stay} seq=${null} live=${true} me=${null} refusals=${[]} />`
    }
  </section>`;
}
