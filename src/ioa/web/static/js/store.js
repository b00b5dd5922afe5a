// What the page knows, and who wants to hear of changes. Views read from here and never from the network themselves.
import { useEffect, useReducer } from "../vendor/ui.js";
import { Conversation } from "./law.js";

/** Something that changes; listeners are told at most once a frame. */
export class Changing {
  /** @type {Set<() => void>} */
  #listeners = new Set();
  #told = true;
  version = 0;

  /** @param {() => void} listener @returns {() => void} */
  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  changed() {
    this.version += 1;
    if (!this.#told) return;
    this.#told = false;
    const tell = () => {
      this.#told = true;
      for (const listener of [...this.#listeners]) listener();
    };
    // A page in the background gets no frames; notifications must still go out.
    if (document.hidden) setTimeout(tell, 100);
    else requestAnimationFrame(tell);
  }
}

/** Draw again whenever it changes. @template {Changing | null} T @param {T} source @returns {T} */
export function useChanging(source) {
  const [, redraw] = useReducer((/** @type {number} */ count) => count + 1, 0);
  useEffect(() => source?.subscribe(() => redraw(undefined)), [source]);
  return source;
}

/**
 * @typedef {{goal_id: string, goal: string, owner: string, status: string, initiator: string | null,
 *   comm_id: string | null, conclusion: string | null, artifacts: import("./law.js").Artifact[], created_at: number,
 *   ended_at: number | null, groups: string[], channels: {nested: number, full: number},
 *   budgets: Record<string, number | null>, usage: import("./law.js").Usage}} Goal
 */

export const FINAL = new Set(["completed", "partial", "failed", "cancelled"]);

/** One goal, followed live: its record, and the conversation of all its groups. */
export class GoalWatch extends Changing {
  /** @param {import("./api.js").Api} api @param {string} goalId */
  constructor(api, goalId) {
    super();
    this.api = api;
    this.goalId = goalId;
    this.conversation = new Conversation();
    /** @type {Goal | null} */
    this.goal = null;
    /** @type {Error | null} */
    this.error = null;
    this.connected = false;
    this.caughtUp = false;
    this.stop = new AbortController();
    /** @type {{number: number, at: number, rule: string, code: string, type: string, sender: string, comm_id: string}[]} */
    this.refusals = [];
  }

  async run() {
    try {
      this.goal = await this.api.json(`/v1/goals/${this.goalId}`);
      this.changed();
      await this.api.follow(`/v1/goals/${this.goalId}/events`, {
        signal: this.stop.signal,
        connected: (is) => {
          this.connected = is;
          this.changed();
        },
        hear: (event) => this.#hear(event),
      });
    } catch (error) {
      if (this.stop.signal.aborted) return;
      this.error = /** @type {Error} */ (error);
    }
    this.caughtUp = true;
    this.changed();
  }

  /** @param {import("./api.js").ServerEvent} event */
  #hear(event) {
    if (event.event === "message") this.conversation.take(event.data);
    else if (event.event === "refused") {
      const last = this.refusals.at(-1);
      if (!last || event.data.at > last.at) this.refusals.push(event.data);
    } else if (event.event === "refusal") {
      this.error = new Error(event.data.message);
      this.api.onRefused?.();
      return false;
    }
    else if (event.event === "goal") {
      this.goal = event.data;
      this.caughtUp = true;
    }
    this.changed();
    return !(event.event === "goal" && FINAL.has(event.data.status));
  }

  get live() {
    return this.goal !== null && !FINAL.has(this.goal.status);
  }

  close() {
    this.stop.abort();
  }
}

/** A list that is asked for again and again while somebody looks. */
export class Polled extends Changing {
  /** @param {() => Promise<any>} ask @param {number} everyMs */
  constructor(ask, everyMs) {
    super();
    this.ask = ask;
    this.everyMs = everyMs;
    /** @type {any} */
    this.value = null;
    /** @type {Error | null} */
    this.error = null;
    this.stop = new AbortController();
    /** @type {(() => void) | null} */
    this.wake = null;
  }

  async run() {
    while (!this.stop.signal.aborted) {
      try {
        const value = await this.ask();
        const differs = JSON.stringify(value) !== JSON.stringify(this.value);
        this.value = value;
        if (differs || this.error) {
          this.error = null;
          this.changed();
        }
      } catch (error) {
        this.error = /** @type {Error} */ (error);
        this.changed();
      }
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, this.everyMs);
        this.wake = () => {
          clearTimeout(timer);
          resolve(undefined);
        };
      });
    }
  }

  /** Ask at once. */
  refresh() {
    this.wake?.();
  }

  close() {
    this.stop.abort();
    this.wake?.();
  }
}
