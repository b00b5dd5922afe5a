// What a conversation is after some prefix of its log: the same fold that hub and clients make, for showing. It judges
// nothing: what is in a log was accepted by the hub. Pure: no clock, no network, so that a replay shows what was live.

/**
 * @typedef {{name: string, media_type: string, size_bytes: number, digest: string}} Artifact
 * @typedef {{calls?: number, input_tokens?: number, output_tokens?: number, cost_usd?: number, model?: string,
 *   saved_tokens?: number}} Usage
 * @typedef {{task_id: string, task_desc: string, task_abstract?: string, assignee: string[], builds_on?: string[]}} Assignment
 * @typedef {{type: string, sender: string, comm_id: string, message_id: string, seq: number, usage?: Usage,
 *   content?: string, thought?: string, next_speaker?: string[], tasks?: Assignment[], triggers?: string[],
 *   artifacts?: Artifact[], outcome?: string, forced?: boolean, task_id?: string, task_abstract?: string,
 *   task_desc?: string, criteria?: string, status?: string, task_conclusion?: string, assignee?: string,
 *   subgroup?: string, team_members?: string[], team_up_depth?: number, max_turns?: number, goal?: string,
 *   goal_id?: string, owner?: string, budgets?: Record<string, number | null>, parent?: {comm_id: string, task_id: string},
 *   continues?: string, given?: {agent: string, task_desc: string, conclusion: string, artifacts?: Artifact[]}[],
 *   overdue?: string, member?: string, since?: number, turns?: number, messages?: number[]}} Message
 * @typedef {{cursor: number, at: number, message: Message}} Entry
 * @typedef {"pending" | "in_progress" | "completed" | "failed" | "cancelled" | "unknown"} TaskStatus
 * @typedef {{assignee: string, status: TaskStatus, startedAt: number | null, endedAt: number | null, conclusion: string,
 *   abstract: string, artifacts: Artifact[], progress: string}} Report
 * @typedef {{task_id: string, comm_id: string, number: number, desc: string, abstract: string, assigner: string,
 *   synchronous: boolean, buildsOn: string[], subgroups: string[], assignedAt: number, assignedSeq: number,
 *   reports: Report[], status: TaskStatus, open: boolean}} Task
 * @typedef {"discussion" | "sync_task" | "async_task" | "pause" | "conclusion"} State
 * @typedef {{seq: number, at: number, from: State | null, to: State, by: string}} Move
 * @typedef {{from: number, to: number | null, why: "sync_task" | "pause"}} Wait
 */

/** What a launch leaves out is usual. @type {Record<string, number | null>} */
export const USUAL_BUDGETS = {
  turns: 120,
  depth: 3,
  turn_timeout_s: 60,
  task_timeout_s: 600,
  group_timeout_s: 3_600,
  calls: 500,
  tokens: 2_000_000,
  cost_usd: null,
};

export const STATES = /** @type {const} */ (["discussion", "sync_task", "async_task", "pause", "conclusion"]);
export const ENDED = new Set(["completed", "failed", "cancelled", "unknown"]);
const TURNS = new Set(["discussion", "sync_task", "async_task", "pause", "conclusion"]);
const WORST_FIRST = /** @type {const} */ (["unknown", "failed", "cancelled", "completed"]);

/** One group chat. */
export class Group {
  /** @param {Entry} entry its launch @param {number} number in the order of creation within the goal */
  constructor(entry, number) {
    const launch = entry.message;
    this.comm_id = launch.comm_id;
    this.number = number;
    this.goal = launch.goal ?? "";
    this.goal_id = launch.goal_id ?? "";
    this.owner = launch.owner ?? "";
    this.initiator = launch.sender;
    this.members = [...new Set([launch.sender, ...(launch.team_members ?? [])])];
    this.depth = launch.team_up_depth ?? 0;
    this.maxTurns = launch.max_turns ?? 0;
    this.budgets = { ...USUAL_BUDGETS, ...launch.budgets };
    this.parent = launch.parent ?? null;
    this.continues = launch.continues ?? null;
    /** @type {State} */
    this.state = "discussion";
    /** @type {string | null} */
    this.floor = launch.sender;
    /** @type {string | null} */
    this.returnsTo = null;
    /** @type {string[]} */
    this.waiting = [];
    /** @type {Set<string>} */
    this.absent = new Set();
    /** @type {Map<string, Task>} */
    this.tasks = new Map();
    this.turns = 0;
    this.reservedTurns = 0;
    this.startedAt = entry.at;
    this.lastAt = entry.at;
    /** @type {number | null} */
    this.endedAt = null;
    /** @type {string | null} */
    this.conclusion = null;
    /** @type {string | null} */
    this.outcome = null;
    this.forced = false;
    /** @type {Artifact[]} */
    this.files = launch.artifacts ?? [];
    /** @type {Artifact[]} */
    this.answerFiles = [];
    /** @type {Entry[]} */
    this.entries = [];
    /** @type {Move[]} */
    this.moves = [];
    /** @type {Wait[]} */
    this.waits = [];
    this.usage = { calls: 0, tokens: 0, cost_usd: 0, saved: 0 };
    /** @type {Map<string, {turns: number, tokens: number, cost_usd: number, calls: number}>} */
    this.byMember = new Map();
  }

  get ended() {
    return this.state === "conclusion";
  }

  get openTasks() {
    return [...this.tasks.values()].filter((task) => task.open);
  }

  get seq() {
    return this.entries.length;
  }

  get turnsLeft() {
    const budget = typeof this.budgets.turns === "number" ? this.budgets.turns : Number.POSITIVE_INFINITY;
    return Math.max(0, Math.min(this.maxTurns, budget - this.reservedTurns) - this.turns);
  }

  /** Fold one entry in. @param {Entry} entry */
  take(entry) {
    const message = entry.message;
    this.entries.push(entry);
    this.lastAt = entry.at;
    this.absent.delete(message.sender);
    this.#count(message);
    if (TURNS.has(message.type)) {
      this.moves.push({
        seq: message.seq,
        at: entry.at,
        from: this.moves.length ? this.state : null,
        to: /** @type {State} */ (message.type),
        by: message.sender,
      });
      this.state = /** @type {State} */ (message.type);
      if (!message.forced) this.turns += 1;
    }
    this.#apply(entry);
  }

  /** @param {Message} message */
  #count(message) {
    const usage = message.usage;
    const mine = this.byMember.get(message.sender) ?? { turns: 0, tokens: 0, cost_usd: 0, calls: 0 };
    if (TURNS.has(message.type)) mine.turns += 1;
    if (usage) {
      const tokens = (usage.input_tokens ?? 0) + (usage.output_tokens ?? 0);
      mine.tokens += tokens;
      mine.cost_usd += usage.cost_usd ?? 0;
      mine.calls += usage.calls ?? 0;
      this.usage.tokens += tokens;
      this.usage.cost_usd += usage.cost_usd ?? 0;
      this.usage.calls += usage.calls ?? 0;
      this.usage.saved += usage.saved_tokens ?? 0;
    }
    this.byMember.set(message.sender, mine);
  }

  /** @param {Entry} entry */
  #apply(entry) {
    const { message, at } = entry;
    const task = message.task_id ? this.tasks.get(message.task_id) : undefined;
    switch (message.type) {
      case "discussion":
        this.#give(message.next_speaker?.[0] ?? this.initiator, at);
        break;
      case "sync_task":
      case "async_task":
        for (const assignment of message.tasks ?? []) this.#assign(assignment, message, at);
        if (message.type === "sync_task") {
          const ids = (message.tasks ?? []).map((assignment) => assignment.task_id);
          this.#wait(message.sender, ids, at, "sync_task");
        } else this.#give(message.sender, at);
        break;
      case "pause":
        this.#wait(message.sender, message.triggers ?? [], at, "pause");
        break;
      case "conclusion":
        this.#endWait(at);
        this.floor = this.returnsTo = null;
        this.waiting = [];
        this.conclusion = message.content ?? "";
        this.outcome = message.outcome ?? "completed";
        this.forced = message.forced ?? false;
        this.answerFiles = message.artifacts ?? [];
        this.endedAt = at;
        break;
      case "task_start":
        if (task) this.#report(task, message.sender, { status: "in_progress", startedAt: at });
        break;
      case "task_progress":
        if (task) this.#report(task, message.sender, { progress: message.content ?? "" });
        break;
      case "task_result":
        if (task) {
          this.#report(task, message.assignee ?? message.sender, {
            status: /** @type {TaskStatus} */ (message.status ?? "completed"),
            endedAt: at,
            conclusion: message.task_conclusion ?? "",
            abstract: message.task_abstract ?? "",
            artifacts: message.artifacts ?? [],
          });
          this.#returned(at);
        }
        break;
      case "task_cancel":
        if (task) this.#endForAll(task, "cancelled", message.content || "cancelled", at);
        break;
      case "deadline":
        if (message.overdue === "task") {
          if (task) this.#endForAll(task, "failed", message.content || "no result before the deadline", at);
        } else {
          if (this.floor) this.absent.add(this.floor);
          this.turns += 1;
          this.#give(this.#nextPresent(this.floor ?? this.initiator), at);
        }
        break;
      case "subgroup":
        if (task && message.subgroup) task.subgroups.push(message.subgroup);
        this.reservedTurns += (message.turns ?? 0) + 1;
        break;
      default:
        break; // launch is the constructor's; an interjection changes nothing
    }
  }

  /** @param {Assignment} assignment @param {Message} message @param {number} at */
  #assign(assignment, message, at) {
    this.tasks.set(assignment.task_id, {
      task_id: assignment.task_id,
      comm_id: this.comm_id,
      number: this.tasks.size + 1,
      desc: assignment.task_desc,
      abstract: assignment.task_abstract ?? "",
      assigner: message.sender,
      synchronous: message.type === "sync_task",
      buildsOn: assignment.builds_on ?? [],
      subgroups: [],
      assignedAt: at,
      assignedSeq: message.seq,
      reports: assignment.assignee.map((name) => ({
        assignee: name,
        status: "pending",
        startedAt: null,
        endedAt: null,
        conclusion: "",
        abstract: "",
        artifacts: [],
        progress: "",
      })),
      status: "pending",
      open: true,
    });
  }

  /** @param {Task} task @param {string} assignee @param {Partial<Report>} change */
  #report(task, assignee, change) {
    const report = task.reports.find((one) => one.assignee === assignee);
    if (!report) return;
    Object.assign(report, change);
    const statuses = task.reports.map((one) => one.status);
    task.open = statuses.some((status) => !ENDED.has(status));
    if (task.open) task.status = statuses.every((status) => status === "pending") ? "pending" : "in_progress";
    else task.status = WORST_FIRST.find((status) => statuses.includes(status)) ?? "completed";
  }

  /** @param {Task} task @param {TaskStatus} status @param {string} reason @param {number} at */
  #endForAll(task, status, reason, at) {
    for (const report of task.reports) {
      if (ENDED.has(report.status)) continue;
      this.#report(task, report.assignee, { status, endedAt: at, conclusion: reason, abstract: reason });
    }
    this.#returned(at);
  }

  /** The floor comes back when nothing is waited for any more. @param {number} at */
  #returned(at) {
    if (this.returnsTo === null || this.waiting.some((id) => this.tasks.get(id)?.open)) return;
    this.#give(this.returnsTo, at);
  }

  /** @param {string} member @param {number} at */
  #give(member, at) {
    this.#endWait(at);
    this.floor = this.turnsLeft === 0 && !this.ended ? this.initiator : member;
    this.returnsTo = null;
    this.waiting = [];
  }

  /** @param {string} returnsTo @param {string[]} ids @param {number} at @param {"sync_task" | "pause"} why */
  #wait(returnsTo, ids, at, why) {
    this.floor = null;
    this.returnsTo = returnsTo;
    this.waiting = ids;
    this.waits.push({ from: at, to: null, why });
  }

  /** @param {number} at */
  #endWait(at) {
    const last = this.waits.at(-1);
    if (last && last.to === null) last.to = at;
  }

  /** @param {string} after */
  #nextPresent(after) {
    const start = Math.max(0, this.members.indexOf(after));
    const circle = [...this.members.slice(start + 1), ...this.members.slice(0, start + 1)];
    return circle.find((name) => !this.absent.has(name)) ?? this.initiator;
  }
}

/** All groups of one goal, from its log in the order of cursors. Repeats are ignored. */
export class Conversation {
  constructor() {
    /** @type {Map<string, Group>} */
    this.groups = new Map();
    /** @type {Entry[]} */
    this.entries = [];
    this.cursor = 0;
    /** @type {Map<string, Group[]>} */
    this.children = new Map();
    /** @type {{upTo: number, tasks: Task[]}} */
    this.sorted = { upTo: -1, tasks: [] };
  }

  /** The goal's first group, once it is launched. @returns {Group | null} */
  get root() {
    return this.groups.values().next().value ?? null;
  }

  get startedAt() {
    return this.entries[0]?.at ?? null;
  }

  get lastAt() {
    return this.entries.at(-1)?.at ?? null;
  }

  /** Fold one entry in. @param {Entry} entry @returns {Group | null} its group; null for a repeat */
  take(entry) {
    if (entry.cursor <= this.cursor) return null;
    this.cursor = entry.cursor;
    this.entries.push(entry);
    let group = this.groups.get(entry.message.comm_id);
    if (!group) {
      if (entry.message.type !== "launch") return null;
      group = new Group(entry, this.groups.size + 1);
      this.groups.set(group.comm_id, group);
      const outer = group.parent?.comm_id;
      if (outer) this.children.set(outer, [...(this.children.get(outer) ?? []), group]);
    }
    group.take(entry);
    return group;
  }

  /** All tasks of the tree, in the order of assignment. @returns {Task[]} */
  get tasks() {
    if (this.sorted.upTo !== this.entries.length) {
      const tasks = [...this.groups.values()].flatMap((group) => [...group.tasks.values()]);
      tasks.sort((one, other) => one.assignedAt - other.assignedAt);
      this.sorted = { upTo: this.entries.length, tasks };
    }
    return this.sorted.tasks;
  }

  /** @param {Group} group @returns {Group[]} */
  nested(group) {
    return this.children.get(group.comm_id) ?? [];
  }

  /** What a group and all nested in it have used. @param {Group} group */
  usageOfTree(group) {
    const sum = { ...group.usage };
    const waiting = [...this.nested(group)];
    for (let one = waiting.pop(); one; one = waiting.pop()) {
      sum.calls += one.usage.calls;
      sum.tokens += one.usage.tokens;
      sum.cost_usd += one.usage.cost_usd;
      sum.saved += one.usage.saved;
      waiting.push(...this.nested(one));
    }
    return sum;
  }
}
