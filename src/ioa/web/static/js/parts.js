// Small pieces that several views share.
import { html, useEffect, useMemo, useRef, useState } from "../vendor/ui.js";
import { markdown } from "./markdown.js";
import { hue, initials, size, STATUS_WORDS } from "./words.js";

/** The picture of a name: the same colour everywhere. @param {{name: string, small?: boolean}} props */
export function Avatar({ name, small }) {
  const person = name.startsWith("@");
  return html`<span class=${`avatar hue-${hue(name)}${small ? " small" : ""}${person ? " person" : ""}`} aria-hidden="true"
    >${initials(name)}</span
  >`;
}

/** @param {{status: string, title?: string}} props */
export function Status({ status, title }) {
  return html`<span class=${`status is-${status}`} title=${title}>${STATUS_WORDS[status] ?? status}</span>`;
}

/** A text of an agent. Long ones are folded. @param {{text: string, fold?: number}} props */
export function Text({ text, fold = 4_000 }) {
  const [whole, setWhole] = useState(false);
  const long = text.length > fold;
  const shown = long && !whole ? `${text.slice(0, fold)}…` : text;
  const safe = useMemo(() => markdown(shown), [shown]);
  return html`<div class="text" dangerouslySetInnerHTML=${{ __html: safe }} />
    ${
      long &&
      html`<button class="link" type="button" onClick=${() => setWhole(!whole)}>
        ${whole ? "Show less" : `Show all ${text.length.toLocaleString()} characters`}
      </button>`
    }`;
}

const PICTURES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml"]);
const READABLE = /^(text\/|application\/(json|x-ndjson|yaml|xml))/;
const MOST_SHOWN_BYTES = 4 * 1024 * 1024;

/**
 * A file: a picture is shown, anything can be saved.
 * @param {{file: import("./law.js").Artifact, api: import("./api.js").Api | null}} props
 */
export function FileCard({ file, api }) {
  const picture = PICTURES.has(file.media_type) && file.size_bytes < MOST_SHOWN_BYTES;
  const [address, setAddress] = useState(/** @type {string | null} */ (null));
  const [text, setText] = useState(/** @type {string | null} */ (null));
  const [problem, setProblem] = useState("");
  useEffect(() => {
    if (!picture || !api) return undefined;
    let made = "";
    let gone = false;
    api.file(file.digest).then(
      (blob) => {
        if (gone) return;
        // Only the kinds above, and only as an image: nothing in it can run.
        made = URL.createObjectURL(new Blob([blob], { type: file.media_type }));
        setAddress(made);
      },
      (error) => setProblem(error.message),
    );
    return () => {
      gone = true;
      if (made) URL.revokeObjectURL(made);
    };
  }, [file.digest, picture, api]);

  const save = async () => {
    if (!api) return;
    try {
      const blob = await api.file(file.digest);
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([blob], { type: "application/octet-stream" }));
      link.download = file.name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    } catch (error) {
      setProblem(/** @type {Error} */ (error).message);
    }
  };
  const read = async () => {
    if (!api) return;
    try {
      setText(text === null ? await (await api.file(file.digest)).text() : null);
    } catch (error) {
      setProblem(/** @type {Error} */ (error).message);
    }
  };
  return html`<figure class="file">
    ${address && html`<img src=${address} alt=${`Picture ${file.name}`} />`}
    ${text !== null && html`<pre class="file-text" tabindex="0">${text.slice(0, 100_000)}</pre>`}
    <figcaption>
      <span class="file-name" title=${file.media_type}>${file.name}</span>
      <span class="dim">${size(file.size_bytes)}</span>
      ${
        READABLE.test(file.media_type) &&
        file.size_bytes < MOST_SHOWN_BYTES &&
        api &&
        html`<button class="link" type="button" onClick=${read}>${text === null ? "Read" : "Hide"}</button>`
      }
      ${api && html`<button class="link" type="button" onClick=${save} aria-label=${`Save ${file.name}`}>Save</button>`}
    </figcaption>
    ${problem && html`<p class="problem">${problem}</p>`}
  </figure>`;
}

/** @param {{files: import("./law.js").Artifact[], api: import("./api.js").Api | null}} props */
export function Files({ files, api }) {
  const shown = files.filter((file) => !isRecord(file));
  if (!shown.length) return null;
  return html`<div class="files">${shown.map((file) => html`<${FileCard} key=${file.digest + file.name} file=${file} api=${api} />`)}</div>`;
}

/** Does the file tell how a result came about, rather than belong to it? @param {import("./law.js").Artifact} file */
export function isRecord(file) {
  return file.name === "steps.json" && file.media_type === "application/json";
}

/** Something went wrong, in the hub's words. @param {{error: Error | null}} props */
export function Problem({ error }) {
  return error ? html`<p class="problem" role="alert">${error.message}</p>` : null;
}

/** Nothing there yet. @param {{title: string, children?: any}} props */
export function Empty({ title, children }) {
  return html`<div class="empty"><h2>${title}</h2>${children}</div>`;
}

/**
 * A modal dialog, closed by Escape, by its button or by choosing.
 * @param {{title: string, onClose: () => void, children?: any, wide?: boolean}} props
 */
export function Dialog({ title, onClose, children, wide }) {
  const node = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useEffect(() => {
    node.current?.showModal();
  }, []);
  return html`<dialog ref=${node} class=${wide ? "wide" : ""} aria-label=${title} onClose=${onClose}>
    <header>
      <h2>${title}</h2>
      <button type="button" class="icon" aria-label="Close" onClick=${() => node.current?.close()}>✕</button>
    </header>
    ${children}
  </dialog>`;
}

/** A copy of some text goes to the clipboard. @param {{text: string, label?: string}} props */
export function Copy({ text, label = "Copy" }) {
  const [done, setDone] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setDone(true);
    setTimeout(() => setDone(false), 1_500);
  };
  return html`<button type="button" class="link" onClick=${copy}>${done ? "Copied" : label}</button>`;
}

/**
 * Views of one thing. @param {{tabs: {id: string, label: string, count?: number, href: string}[], now: string}} props
 */
export function Tabs({ tabs, now }) {
  return html`<nav class="tabs" aria-label="Views">
    ${tabs.map(
      (tab) => html`<a key=${tab.id} href=${tab.href} aria-current=${tab.id === now ? "page" : undefined}>
        ${tab.label}${tab.count !== undefined && html` <span class="count">${tab.count}</span>`}
      </a>`,
    )}
  </nav>`;
}
