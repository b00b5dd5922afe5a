// A list of any length of which only the rows in view exist. Rows measure themselves.
import { html, useEffect, useLayoutEffect, useMemo, useReducer, useRef } from "../vendor/ui.js";
import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from "../vendor/virtual.js";

const AT_END_PX = 80;

/**
 * @template T
 * @param {{items: T[], keyOf: (item: T, index: number) => string | number, row: (item: T, index: number) => any,
 *   label: string, estimate?: number, follow?: boolean, jump?: {index: number} | null}} props
 *   `follow` keeps the end in view while the reader is there; `jump` brings a row into view, each new object once.
 */
export function VirtualList({ items, keyOf, row, label, estimate = 96, follow = false, jump = null }) {
  const scroller = useRef(/** @type {HTMLElement | null} */ (null));
  const [, redraw] = useReducer((/** @type {number} */ count) => count + 1, 0);
  const atEnd = useRef(true);
  const following = useRef(follow);
  following.current = follow;
  const options = () => ({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => estimate,
    getItemKey: (/** @type {number} */ index) => keyOf(items[index], index),
    overscan: 6,
    scrollToFn: elementScroll,
    observeElementRect,
    observeElementOffset,
    onChange: () => redraw(undefined),
  });
  // Rows are measured after they were drawn: the end moves, and a reader who is there moves with it.
  useLayoutEffect(() => {
    const node = scroller.current;
    if (node && following.current && atEnd.current) node.scrollTop = node.scrollHeight;
  });
  const virtual = useMemo(() => new Virtualizer(/** @type {any} */ (options())), []);
  virtual.setOptions(/** @type {any} */ (options()));
  useLayoutEffect(() => virtual._didMount(), []);
  useLayoutEffect(() => virtual._willUpdate());

  useEffect(() => {
    if (jump && jump.index >= 0) {
      atEnd.current = false;
      virtual.scrollToIndex(jump.index, { align: "center" });
    }
  }, [jump]);

  const note = () => {
    const node = scroller.current;
    if (node) atEnd.current = node.scrollHeight - node.scrollTop - node.clientHeight < AT_END_PX;
  };
  return html`<div class="scroller" ref=${scroller} onScroll=${note} tabindex="0" role="log" aria-label=${label} aria-live="off">
    <ol class="virtual" style=${{ height: `${virtual.getTotalSize()}px` }}>
      ${virtual.getVirtualItems().map(
        (/** @type {any} */ item) => html`<li
          key=${item.key}
          data-index=${item.index}
          aria-setsize=${items.length}
          aria-posinset=${item.index + 1}
          ref=${(/** @type {HTMLElement | null} */ node) => node && virtual.measureElement(node)}
          style=${{ transform: `translateY(${item.start}px)` }}
        >
          ${items[item.index] !== undefined && row(items[item.index], item.index)}
        </li>`,
      )}
    </ol>
  </div>`;
}
