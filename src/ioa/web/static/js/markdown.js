// Texts of agents as Markdown. All of it is data from strangers: HTML in it is shown as text, what the renderer makes
// is sanitised once more, nothing is loaded from elsewhere, and links say where they go.
import { bash, css, DOMPurify, hljs, javascript, json, MarkdownIt, python, sql, xml, yaml } from "../vendor/text.js";

for (const [name, grammar] of Object.entries({ bash, css, javascript, json, python, sql, xml, yaml })) {
  hljs.registerLanguage(name, grammar);
}
hljs.registerAliases(["sh", "shell"], { languageName: "bash" });
hljs.registerAliases(["html", "svg"], { languageName: "xml" });
hljs.registerAliases(["js", "ts"], { languageName: "javascript" });
hljs.registerAliases(["py"], { languageName: "python" });

const MOST_COLOURED = 20_000;
const renderer = new MarkdownIt({
  html: false,
  linkify: true,
  breaks: true,
  highlight(/** @type {string} */ code, /** @type {string} */ language) {
    if (code.length > MOST_COLOURED || !hljs.getLanguage(language)) return "";
    return hljs.highlight(code, { language, ignoreIllegals: true }).value;
  },
});
renderer.disable("image"); // files come as artifacts; a picture from elsewhere would tell a stranger who reads

const ALLOWED = {
  ALLOWED_TAGS: [
    ..."a b blockquote br code del em h1 h2 h3 h4 h5 h6 hr i li ol p pre s span strong sub sup".split(" "),
    ..."table tbody td th thead tr ul".split(" "),
  ],
  ALLOWED_ATTR: ["href", "class", "start", "title", "colspan", "rowspan"],
  ALLOWED_URI_REGEXP: /^(?:https?:|mailto:)/i,
};

DOMPurify.addHook("afterSanitizeAttributes", (/** @type {Element} */ node) => {
  if (node.tagName === "A") {
    node.setAttribute("target", "_blank");
    node.setAttribute("rel", "noopener noreferrer nofollow");
    node.setAttribute("title", node.getAttribute("href") ?? "");
  }
  const classes = node.getAttribute("class");
  if (classes) {
    const kept = classes.split(/\s+/).filter((/** @type {string} */ name) => /^(hljs|language-)/.test(name));
    if (kept.length) node.setAttribute("class", kept.join(" "));
    else node.removeAttribute("class");
  }
  if (node.tagName === "PRE" || node.tagName === "TABLE") node.setAttribute("tabindex", "0"); // they scroll
  if (node.tagName === "TH" || node.tagName === "TD") node.removeAttribute("style");
});

/** @type {Map<string, string>} */
const rendered = new Map();
const MOST_KEPT = 600;

/** Safe HTML for a text of an agent. @param {string} text @returns {string} */
export function markdown(text) {
  const known = rendered.get(text);
  if (known !== undefined) return known;
  const safe = String(DOMPurify.sanitize(renderer.render(text), ALLOWED));
  if (rendered.size >= MOST_KEPT) {
    const oldest = rendered.keys().next().value;
    if (oldest !== undefined) rendered.delete(oldest);
  }
  rendered.set(text, safe);
  return safe;
}

const MARKS = /(^|\n)#{1,6} |[*_`|~]{1,3}|\[([^\]]*)\]\([^)]*\)/g;

/** One line of plain text for lists and nodes. @param {string} text @param {number} [most] characters */
export function oneLine(text, most = 160) {
  const flat = text.slice(0, 4 * most).replace(MARKS, "$2").replace(/\s+/g, " ").trim();
  return flat.length > most ? `${flat.slice(0, most - 1)}…` : flat;
}
