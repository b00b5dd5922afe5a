// A goal in one file: the same views, fed from what is packed into the page. Nothing is asked of any server.
import { html, render, useEffect, useState } from "../vendor/ui.js";
import { Api } from "./api.js";
import { Conversation } from "./law.js";
import { Status } from "./parts.js";
import { Answer, GoalTabs } from "./views/goal.js";
import { day, duration } from "./words.js";

/**
 * @typedef {{goal: import("./store.js").Goal, entries: import("./law.js").Entry[], calls: any[],
 *   files: Record<string, string>, exported_at: number}} Packed `files` are bytes in base64 by digest
 */

/** The part of the API that a packed goal can answer. */
class PackedApi extends Api {
  /** @param {Packed} packed */
  constructor(packed) {
    super("");
    this.packed = packed;
  }

  /** @override @param {string} digest @returns {Promise<Blob>} */
  async file(digest) {
    const text = this.packed.files[digest];
    if (text === undefined) throw new Error("This file was too large to be packed with the conversation.");
    return new Blob([Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))]);
  }

  /** @override @returns {Promise<any[]>} */
  async all() {
    return this.packed.calls;
  }
}

/** @param {{packed: Packed, api: PackedApi, conversation: Conversation}} props */
function Page({ packed, api, conversation }) {
  const read = () => location.hash.replace(/^#\/?/, "").split("/").filter(Boolean);
  const [path, setPath] = useState(read);
  useEffect(() => {
    const moved = () => setPath(read());
    addEventListener("hashchange", moved);
    return () => removeEventListener("hashchange", moved);
  }, []);
  const { goal } = packed;
  const [tab = "chat", comm = null, seq = null] = path;
  return html`<main class="exported"><section class="goal">
    <header class="goal-head">
      <h1>${goal.goal}</h1>
      <p class="meta"><${Status} status=${goal.status} /><span>${day(goal.created_at)}</span>
        ${goal.ended_at && html`<span>${duration(goal.ended_at - goal.created_at)}</span>`}
        <span>as of ${day(packed.exported_at)}</span></p>
      ${goal.conclusion !== null && html`<${Answer} goal=${goal} api=${api} />`}
    </header>
    <${GoalTabs} goal=${goal} conversation=${conversation} api=${api} base="#" tab=${tab} comm=${comm} seq=${seq ? Number(seq) : null} live=${false} me=${null} person=${null} refusals=${[]} version=${0} />
  </section></main>`;
}

const data = document.getElementById("packed");
const root = document.getElementById("app");
if (data?.textContent && root) {
  /** @type {Packed} */
  const packed = JSON.parse(data.textContent);
  const conversation = new Conversation();
  for (const entry of packed.entries) conversation.take(entry);
  render(html`<${Page} packed=${packed} api=${new PackedApi(packed)} conversation=${conversation} />`, root);
}
