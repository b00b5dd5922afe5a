// The tree of teams as a graph: who recruited whom for which task, growing as it happens.
import { html, useEffect, useMemo, useRef, useState } from "../../vendor/ui.js";
import { hierarchy, tree } from "../../vendor/layout.js";
import { oneLine } from "../markdown.js";
import { spent, STATE_WORDS } from "../words.js";

const MOST_FLOWING = 30; // each frame of the flow paints all lines anew
const NODE = { width: 216, height: 92, gapX: 28, gapY: 64 };

/**
 * @param {{conversation: import("../law.js").Conversation, link: (comm_id: string, seq?: number) => string, version: number}} props
 */
export function TeamGraph({ conversation, link, version }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const [view, setView] = useState({ x: 0, y: 0, scale: 1 });
  const [seen, setSeen] = useState({ width: 800, height: 600 });
  const drag = useRef(/** @type {{x: number, y: number, from: {x: number, y: number}} | null} */ (null));
  const root = conversation.root;

  const placed = useMemo(() => {
    if (!root) return null;
    const whole = hierarchy(root, (/** @type {import("../law.js").Group} */ group) => conversation.nested(group));
    return tree().nodeSize([NODE.width + NODE.gapX, NODE.height + NODE.gapY])(whole);
  }, [root, conversation.groups.size]);

  useEffect(() => {
    if (!box.current) return undefined;
    const observer = new ResizeObserver(([entry]) => setSeen({ width: entry.contentRect.width, height: entry.contentRect.height }));
    observer.observe(box.current);
    return () => observer.disconnect();
  }, [root === null]);

  const extent = useMemo(() => {
    const nodes = placed?.descendants() ?? [];
    const xs = nodes.map((/** @type {any} */ node) => node.x);
    const ys = nodes.map((/** @type {any} */ node) => node.y);
    return {
      left: Math.min(0, ...xs) - NODE.width / 2,
      right: Math.max(0, ...xs) + NODE.width / 2,
      bottom: Math.max(0, ...ys) + NODE.height,
    };
  }, [placed]);
  const fit = () => {
    const scale = Math.min(1, seen.width / (extent.right - extent.left + 40), seen.height / (extent.bottom + 40));
    setView({ x: seen.width / 2 - ((extent.left + extent.right) / 2) * scale, y: 20, scale: Math.max(0.08, scale) });
  };
  useEffect(fit, [extent.left, extent.right, extent.bottom, seen.width, seen.height]);

  // Only what is near the view exists, and it is drawn again only when the view has left that region, or when something
  // was said: moving about is a change of one transform.
  const region = useMemo(
    () => regionOf(view, seen),
    [Math.round(view.x / (seen.width / 2)), Math.round(view.y / (seen.height / 2)), view.scale, seen.width, seen.height],
  );
  const simple = view.scale < 0.35;
  const drawn = useMemo(() => {
    if (!placed) return null;
    const near = (/** @type {any} */ node) => node.x > region.left && node.x < region.right && node.y > region.top && node.y < region.bottom;
    const links = placed.links().filter((/** @type {any} */ one) => near(one.source) || near(one.target));
    return html`<svg class="edges" aria-hidden="true">
        <path class="ended" d=${links.filter((/** @type {any} */ one) => one.target.data.ended).map(curve).join("")} />
        <path class=${links.length <= MOST_FLOWING ? "live flowing" : "live"} d=${links.filter((/** @type {any} */ one) => !one.target.data.ended).map(curve).join("")} />
      </svg>
      ${placed
        .descendants()
        .filter(near)
        .map((/** @type {any} */ node) => html`<${Node} key=${node.data.comm_id} node=${node} conversation=${conversation} link=${link} simple=${simple} version=${version} />`)}`;
  }, [placed, region, simple, version]);
  const listed = useMemo(
    () => html`<ol class="visually-hidden">
      ${[...conversation.groups.values()].map(
        (group) => html`<li key=${group.comm_id}>Team ${group.number} of ${group.initiator}, ${STATE_WORDS[group.state]}${group.parent ? `, nested in team ${conversation.groups.get(group.parent.comm_id)?.number}` : ""}</li>`,
      )}
    </ol>`,
    [conversation, version],
  );

  if (!root || !placed) return html`<p class="pad dim">No team yet.</p>`;
  const zoom = (/** @type {number} */ factor, /** @type {number} */ x, /** @type {number} */ y) => {
    const scale = Math.min(2, Math.max(0.08, view.scale * factor));
    const ratio = scale / view.scale;
    setView({ scale, x: x - (x - view.x) * ratio, y: y - (y - view.y) * ratio });
  };
  const wheel = (/** @type {WheelEvent} */ event) => {
    event.preventDefault();
    const area = /** @type {HTMLElement} */ (box.current).getBoundingClientRect();
    zoom(event.deltaY < 0 ? 1.15 : 1 / 1.15, event.clientX - area.left, event.clientY - area.top);
  };
  return html`<section class="graph" aria-label="Teams">
    <div class="graph-tools">
      <button type="button" class="icon" aria-label="Larger" onClick=${() => zoom(1.3, seen.width / 2, seen.height / 2)}>+</button>
      <button type="button" class="icon" aria-label="Smaller" onClick=${() => zoom(1 / 1.3, seen.width / 2, seen.height / 2)}>−</button>
      <button type="button" class="chip" onClick=${fit}>All</button>
    </div>
    <div class="canvas" ref=${box} onWheel=${wheel}
      onPointerDown=${(/** @type {PointerEvent} */ event) => {
        if (/** @type {HTMLElement} */ (event.target).closest("a")) return;
        drag.current = { x: event.clientX, y: event.clientY, from: { x: view.x, y: view.y } };
        /** @type {HTMLElement} */ (event.currentTarget).setPointerCapture(event.pointerId);
      }}
      onPointerMove=${(/** @type {PointerEvent} */ event) => {
        const start = drag.current;
        if (start) setView({ ...view, x: start.from.x + event.clientX - start.x, y: start.from.y + event.clientY - start.y });
      }}
      onPointerUp=${() => {
        drag.current = null;
      }}>
      <div class="world" style=${{ transform: `translate(${view.x}px, ${view.y}px) scale(${view.scale})` }}>
        ${drawn}
      </div>
    </div>
    ${listed}
  </section>`;
}

/**
 * What is drawn: the view, and as much again on each side. In the coordinates of the nodes.
 * @param {{x: number, y: number, scale: number}} view @param {{width: number, height: number}} seen
 */
function regionOf(view, seen) {
  const width = seen.width / view.scale;
  const height = seen.height / view.scale;
  const left = -view.x / view.scale - width;
  const top = -view.y / view.scale - height - NODE.height;
  return { left, top, right: left + 3 * width, bottom: top + 3 * height + NODE.height };
}

/** @param {any} link */
function curve({ source, target }) {
  const from = source.y + NODE.height;
  const half = (from + target.y) / 2;
  return `M${source.x},${from}C${source.x},${half} ${target.x},${half} ${target.x},${target.y}`;
}

/** @param {{node: any, conversation: import("../law.js").Conversation, link: (comm_id: string) => string, simple: boolean, version: number}} props */
function Node({ node, conversation, link, simple }) {
  /** @type {import("../law.js").Group} */
  const group = node.data;
  const at = { left: `${node.x - NODE.width / 2}px`, top: `${node.y}px`, width: `${NODE.width}px`, height: `${NODE.height}px` };
  if (simple) {
    return html`<a class=${`node simple is-${group.state}`} style=${at} href=${link(group.comm_id)} aria-label=${`Team ${group.number}`} tabindex="-1"></a>`;
  }
  const parent = group.parent ? conversation.groups.get(group.parent.comm_id) : undefined;
  const task = group.parent ? parent?.tasks.get(group.parent.task_id) : undefined;
  const used = spent(group.usage);
  return html`<a class=${`node is-${group.state}`} style=${at} href=${link(group.comm_id)} title=${oneLine(group.goal, 300)}>
    <strong>Team ${group.number} · ${group.initiator}</strong>
    <span class="dim">${task ? `for task ${task.number}: ${oneLine(task.abstract || task.desc, 40)}` : oneLine(group.goal, 56)}</span>
    <span class="node-state"><span class=${`dot is-${group.state}`} aria-hidden="true"></span>${group.ended ? group.outcome : STATE_WORDS[group.state]}</span>
    <span class="dim">${group.members.length} ${group.members.length === 1 ? "member" : "members"}${group.openTasks.length ? ` · ${group.openTasks.length} open` : ""}${used ? ` · ${used}` : ""}</span>
  </a>`;
}
