// A person who takes part: an agent of theirs, its connection over the hub's event stream, and what waits for them.
import { Api } from "./api.js";
import { Group } from "./law.js";
import { Changing } from "./store.js";

/**
 * @typedef {{name: string, token: string}} Kept
 * @typedef {{goal_id: string, goal: string, owner: string, max_turns: number, team?: string[],
 *   artifacts?: import("./law.js").Artifact[]}} Offer
 * @typedef {{kind: "floor", key: string, group: Group} | {kind: "task", key: string, group: Group,
 *   task: import("./law.js").Task} | {kind: "offer", key: string, offer: Offer}} Todo
 */

const KEY = "ioa.person";
const ANSWER_WITHIN_MS = 20_000;

/** @returns {Kept | null} */
export function keptPerson() {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "null");
  } catch {
    return null;
  }
}

/** What a refusal of the hub says. */
export class Refused extends Error {
  /** @param {{code: string, rule: string, legal?: string[]}} refusal */
  constructor(refusal) {
    super(refusal.rule);
    this.code = refusal.code;
    this.legal = refusal.legal ?? [];
  }
}

export class Person extends Changing {
  constructor() {
    super();
    /** @type {Kept | null} */
    this.kept = keptPerson();
    this.api = new Api(this.kept?.token ?? "");
    /** @type {Map<string, Group>} */
    this.groups = new Map();
    /** @type {Map<string, Offer>} */
    this.offers = new Map();
    this.connected = false;
    /** @type {Error | null} */
    this.error = null;
    this.cursor = 0;
    /** @type {Map<string, {kept: (frame: any) => void, refused: (error: Error) => void}>} */
    this.asked = new Map();
    /** @type {AbortController | null} */
    this.stop = null;
    /** @type {Set<string>} */
    this.told = new Set();
  }

  get name() {
    return this.kept?.name ?? null;
  }

  /** Register the person as an agent of this user. @param {Api} api @param {{name: string, description: string, skills: string[]}} card */
  async join(api, card) {
    const made = await api.json("/v1/agents", { method: "POST", body: { ...card, type: "Human Assistant" } });
    this.kept = { name: made.name, token: made.token };
    localStorage.setItem(KEY, JSON.stringify(this.kept));
    this.begin();
  }

  /** Leave the network: the name stays the user's. @param {Api} api */
  async leave(api) {
    const name = this.name;
    this.close();
    localStorage.removeItem(KEY);
    this.kept = null;
    this.groups.clear();
    this.offers.clear();
    this.changed();
    if (name) await api.json(`/v1/agents/${encodeURIComponent(name)}`, { method: "DELETE" });
  }

  /** Be there, until `close`. */
  begin() {
    if (!this.kept || this.stop) return;
    const stop = new AbortController();
    this.stop = stop;
    this.api = new Api(this.kept.token);
    this.groups.clear();
    this.cursor = 0;
    this.error = null;
    this.api
      .follow("/v1/stream", {
        signal: stop.signal,
        hear: (event) => this.#hear(event),
        connected: (is) => {
          this.connected = is;
          this.changed();
        },
      })
      .catch((error) => {
        this.error = error;
      })
      .finally(() => {
        if (this.stop === stop) this.stop = null;
        this.connected = false;
        this.changed();
      });
  }

  close() {
    this.stop?.abort();
    this.stop = null;
  }

  /** @param {import("./api.js").ServerEvent} event */
  #hear({ event, data }) {
    if (event === "delivery") this.#take(data);
    else if (event === "goal") this.offers.set(data.goal_id, data);
    else if (event === "accepted") this.#answered(data.message_id, data);
    else if (event === "launched") this.#answered(data.request_id, data);
    else if (event === "refusal") {
      if (data.code === "superseded") {
        this.error = new Error("You take part in another tab or window; this one only watches.");
        this.changed();
        return false;
      }
      if (data.reply_to) this.#answered(data.reply_to, null, new Refused(data));
      else if (data.code === "not_authenticated") {
        this.error = new Error(data.rule);
        this.changed();
        return false;
      }
    }
    this.changed();
    this.#notify();
    return true;
  }

  /** @param {import("./law.js").Entry} entry */
  #take(entry) {
    if (entry.cursor <= this.cursor) return;
    this.cursor = entry.cursor;
    const { message } = entry;
    let group = this.groups.get(message.comm_id);
    if (!group && message.type === "launch") {
      group = new Group(entry, this.groups.size + 1);
      this.groups.set(message.comm_id, group);
      if (message.sender === this.name && message.goal_id) this.offers.delete(message.goal_id);
    }
    group?.take(entry);
  }

  /** @param {string} id @param {any} frame @param {Error} [error] */
  #answered(id, frame, error) {
    const waiting = this.asked.get(id);
    this.asked.delete(id);
    if (error) waiting?.refused(error);
    else waiting?.kept(frame);
  }

  /** Send a frame and wait for its answer. @param {string} id @param {object} frame @returns {Promise<any>} */
  async #ask(id, frame) {
    const answer = new Promise((kept, refused) => {
      this.asked.set(id, { kept, refused });
      setTimeout(() => refused(new Error("The hub has not answered; it may be away. What you sent may still arrive.")), ANSWER_WITHIN_MS);
    });
    answer.catch(() => undefined);
    await this.api.json("/v1/stream", { method: "POST", body: frame });
    return answer;
  }

  /** Say something in a group. @param {Group} group @param {string} type @param {object} fields */
  async post(group, type, fields) {
    const message_id = crypto.randomUUID();
    const message = { type, state: "communication", sender: this.name, comm_id: group.comm_id, message_id, ...fields };
    return this.#ask(message_id, { frame: "post", message });
  }

  /** Begin a goal that was offered. @param {Offer} offer @param {string[]} members */
  async launch(offer, members) {
    const request_id = crypto.randomUUID();
    const made = await this.#ask(request_id, {
      frame: "launch_group",
      request_id,
      goal: offer.goal,
      goal_id: offer.goal_id,
      team_members: members,
      max_turns: offer.max_turns,
    });
    this.offers.delete(offer.goal_id);
    this.changed();
    return made.comm_id;
  }

  /** What the network waits for from this person. @returns {Todo[]} */
  get todos() {
    /** @type {Todo[]} */
    const found = [...this.offers.values()].map((offer) => ({ kind: "offer", key: `offer ${offer.goal_id}`, offer }));
    for (const group of this.groups.values()) {
      if (group.ended) continue;
      for (const task of group.openTasks) {
        const mine = task.reports.find((report) => report.assignee === this.name);
        if (mine && (mine.status === "pending" || mine.status === "in_progress")) {
          found.push({ kind: "task", key: `task ${group.comm_id} ${task.task_id}`, group, task });
        }
      }
      if (group.floor === this.name) found.push({ kind: "floor", key: `floor ${group.comm_id} ${group.seq}`, group });
    }
    return found;
  }

  #notify() {
    const todos = this.todos;
    const now = new Set(todos.map((todo) => todo.key));
    const fresh = todos.filter((todo) => !this.told.has(todo.key));
    this.told = now;
    if (!fresh.length || !document.hidden || globalThis.Notification?.permission !== "granted") return;
    const [todo] = fresh;
    const text = todo.kind === "offer" ? todo.offer.goal : todo.kind === "task" ? todo.task.desc : todo.group.goal;
    const title = { offer: "A goal is offered to you", task: "A task for you", floor: "You have the floor" }[todo.kind];
    const note = new Notification(title, { body: text.slice(0, 200), tag: todo.key });
    note.onclick = () => {
      focus();
      location.hash = todo.kind === "offer" ? "#/me" : `#/me/${todo.group.comm_id}`;
    };
  }
}
