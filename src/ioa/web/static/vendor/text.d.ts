// Types of text.js, for the checker only.
export const DOMPurify: any;
export const hljs: any;
export const MarkdownIt: any;
export const bash: any, css: any, javascript: any, json: any, python: any, sql: any, xml: any, yaml: any;
