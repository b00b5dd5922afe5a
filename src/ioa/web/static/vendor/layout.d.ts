// Types of layout.js, for the checker only.
export const forceCenter: any, forceCollide: any, forceLink: any, forceManyBody: any, forceSimulation: any;
export const forceX: any, forceY: any, hierarchy: any, tree: any;
