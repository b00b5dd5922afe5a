// A list of which only the rows in view exist.
export { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from "@tanstack/virtual-core";
