// Markdown to HTML, HTML made harmless, code in colours.
export { default as DOMPurify } from "dompurify";
export { default as hljs } from "highlight.js/lib/core";
export { default as MarkdownIt } from "markdown-it";
export { default as bash } from "highlight.js/lib/languages/bash";
export { default as css } from "highlight.js/lib/languages/css";
export { default as javascript } from "highlight.js/lib/languages/javascript";
export { default as json } from "highlight.js/lib/languages/json";
export { default as python } from "highlight.js/lib/languages/python";
export { default as sql } from "highlight.js/lib/languages/sql";
export { default as xml } from "highlight.js/lib/languages/xml";
export { default as yaml } from "highlight.js/lib/languages/yaml";
