// How times, amounts and states are said.

/** @param {number} seconds */
export function duration(seconds) {
  if (!Number.isFinite(seconds) || seconds < 0) return "";
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** @param {number} at Unix seconds */
export function clock(at) {
  return new Date(at * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

/** @param {number} at Unix seconds */
export function day(at) {
  const date = new Date(at * 1000);
  const today = new Date().toDateString() === date.toDateString();
  const time = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return today ? time : `${date.toLocaleDateString([], { day: "numeric", month: "short" })} ${time}`;
}

/** @param {number} count */
export function amount(count) {
  if (count < 1_000) return String(count);
  if (count < 1_000_000) return `${(count / 1_000).toFixed(count < 10_000 ? 1 : 0)}k`;
  return `${(count / 1_000_000).toFixed(1)}M`;
}

/** @param {number} usd */
export function money(usd) {
  if (usd === 0) return "$0";
  return usd < 0.01 ? `$${usd.toPrecision(2)}` : `$${usd.toFixed(2)}`;
}

/** @param {number} bytes */
export function size(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(0)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

/** What a group of agents used, in words; empty where no model was asked.
 * @param {{calls: number, tokens: number, cost_usd: number}} usage */
export function spent(usage) {
  if (!usage.calls && !usage.tokens) return "";
  return `${amount(usage.tokens)} tokens · ${money(usage.cost_usd)}`;
}

export const STATE_WORDS = /** @type {Record<string, string>} */ ({
  discussion: "Discussion",
  sync_task: "Sync tasks",
  async_task: "Async tasks",
  pause: "Pause",
  conclusion: "Conclusion",
});

export const STATE_HELP = /** @type {Record<string, string>} */ ({
  discussion: "Members speak in turn.",
  sync_task: "Everybody waits until the assigned tasks have ended.",
  async_task: "Tasks are at work while the talk goes on.",
  pause: "The group waits for some of its open tasks.",
  conclusion: "The group has given its answer.",
});

export const STATUS_WORDS = /** @type {Record<string, string>} */ ({
  forming: "forming a team",
  running: "running",
  pending: "pending",
  in_progress: "in progress",
  completed: "completed",
  partial: "partial",
  failed: "failed",
  cancelled: "cancelled",
  unknown: "unknown",
  waiting: "waiting for an agent",
});

/** A stable number of one of twelve colours for a name. @param {string} name */
export function hue(name) {
  let sum = 0x811c9dc5; // FNV-1a: similar names must not look alike
  for (const letter of name) sum = Math.imul(sum ^ (letter.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return (((sum >>> 16) ^ sum) >>> 0) % 12;
}

/** Up to two letters for a name. @param {string} name */
export function initials(name) {
  const plain = name.replace(/^@/, "");
  const words = plain.split(/[\s_\-./]+/).filter(Boolean);
  const letters = words.length > 1 ? [words[0], words[1]].map((word) => [...word][0]) : [...plain].slice(0, 2);
  return letters.join("").toUpperCase();
}
