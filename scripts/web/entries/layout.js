// Where the nodes of trees and graphs go.
export { forceCenter, forceCollide, forceLink, forceManyBody, forceSimulation, forceX, forceY } from "d3-force";
export { hierarchy, tree } from "d3-hierarchy";
