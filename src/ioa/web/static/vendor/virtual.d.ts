// Types of virtual.js, for the checker only.
export const elementScroll: any, observeElementOffset: any, observeElementRect: any, Virtualizer: any;
