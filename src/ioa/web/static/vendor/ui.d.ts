// Types of ui.js, for the checker only.
export { Fragment, render } from "preact";
export { useCallback, useEffect, useLayoutEffect, useMemo, useReducer, useRef, useState } from "preact/hooks";
export const html: (strings: TemplateStringsArray, ...values: any[]) => any;
