// The page: which view is open (the address after #), who is signed in, and what all views share.
import { html, render, useEffect, useMemo, useState } from "../vendor/ui.js";
import { Api } from "./api.js";
import { Polled, useChanging } from "./store.js";
import { Person } from "./person.js";
import { Agents } from "./views/agents.js";
import { Compare } from "./views/compare.js";
import { GoalView } from "./views/goal.js";
import { GoalList, NewGoal, NoGoal } from "./views/goals.js";
import { Me } from "./views/me.js";
import { Network } from "./views/network.js";
import { exchange, forgetToken, keepToken, keptToken, SignIn } from "./views/signin.js";

/** @typedef {{path: string[], query: URLSearchParams}} Place */

/** @returns {Place} */
function place() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  return { path: path.split("/").filter(Boolean).map(decodeURIComponent), query: new URLSearchParams(query ?? "") };
}

/** The open place; follows the address. */
function usePlace() {
  const [now, setNow] = useState(place);
  useEffect(() => {
    const moved = () => setNow(place());
    addEventListener("hashchange", moved);
    return () => removeEventListener("hashchange", moved);
  }, []);
  return now;
}

const NAV = /** @type {const} */ ([
  ["goals", "Goals", "◎"],
  ["agents", "Agents", "☷"],
  ["me", "Take part", "☺"],
  ["network", "Hub", "◌"],
]);

/** @param {{token: string, onSignOut: () => void}} props */
function Signed({ token, onSignOut }) {
  const { path, query } = usePlace();
  const api = useMemo(() => new Api(token, onSignOut), [token]);
  const goals = useMemo(() => new Polled(async () => (await api.json("/v1/goals", { query: { limit: 200 } })).items, 3_000), [api]);
  const agents = useMemo(() => new Polled(async () => (await api.json("/v1/agents", { query: { limit: 200 } })).items, 10_000), [api]);
  const me = useMemo(() => new Polled(() => api.json("/v1/me"), 60_000), [api]);
  useEffect(() => {
    for (const one of [goals, agents, me]) one.run();
    return () => {
      for (const one of [goals, agents, me]) one.close();
    };
  }, [api]);
  const person = useMemo(() => new Person(), []);
  useEffect(() => {
    person.begin();
    return () => person.close();
  }, [person]);
  useChanging(person);
  useChanging(me);
  const waits = person.todos.length;
  const [room = "goals", ...rest] = path;
  const speaker = me.value?.speaker ?? "";
  const here = room === "new" || room === "compare" || room === "groups" ? "goals" : room === "trust" ? "agents" : room;
  useEffect(() => {
    document.title = `${waits ? `(${waits}) ` : ""}${{ goals: "Goals", agents: "Agents", network: "Hub", me: "Take part" }[here] ?? "ioa"} · Internet of Agents`;
  }, [here, waits]);
  return html`<div class=${`shell room-${room}${rest.length || room === "new" ? " inside" : ""}`}>
    <a class="skip" href="#main" onClick=${(/** @type {Event} */ event) => {
      event.preventDefault();
      document.getElementById("main")?.focus();
    }}>Skip to the content</a>
    <nav class="rail" aria-label="Main">
      <a class="brand" href="#/goals" title="Internet of Agents">ioa</a>
      ${NAV.map(([id, label, mark]) => html`<a key=${id} href=${`#/${id}`} aria-current=${here === id ? "page" : undefined}><span aria-hidden="true">${mark}</span>${label}${id === "me" && waits > 0 && html`<strong class="waits" aria-label=${`${waits} waiting for you`}>${waits}</strong>`}</a>`)}
      <span class="space"></span>
      <${ThemeSwitch} />
      <button type="button" onClick=${onSignOut} title=${`signed in as ${speaker}`}><span aria-hidden="true">⇥</span>Sign out</button>
    </nav>
    ${here === "goals" && html`<${GoalList} goals=${goals} now=${room === "goals" ? (rest[0] ?? null) : null} />`}
    <main id="main" tabindex="-1">
      ${waits > 0 && room !== "me" && html`<p class="waiting" role="status"><a href="#/me">The network waits for you (${waits})</a></p>`}
      ${
        room === "new"
          ? html`<${NewGoal} key=${query.toString()} api=${api} agents=${agents} preset=${query} onGiven=${() => goals.refresh()} />`
          : room === "compare" && rest[0]
            ? html`<${Compare} api=${api} goals=${goals} one=${rest[0]} other=${rest[1] ?? null} />`
            : room === "groups" && rest[0]
              ? html`<${GroupLink} api=${api} comm=${rest[0]} />`
              : room === "agents" || room === "trust"
                ? html`<${Agents} api=${api} name=${room === "agents" ? (rest[0] ?? null) : null} tab=${room === "trust" ? "trust" : "all"} />`
                : room === "me"
                  ? html`<${Me} api=${api} person=${person} comm=${rest[0] ?? null} />`
                : room === "network"
                  ? html`<${Network} api=${api} goals=${goals} />`
                  : rest[0]
                    ? html`<${GoalView} key=${rest[0]} api=${api} goalId=${rest[0]} tab=${rest[1] ?? "chat"} comm=${rest[2] ?? null} seq=${rest[3] ? Number(rest[3]) : null} me=${speaker} person=${person} onChange=${() => goals.refresh()} />`
                    : html`<${NoGoal} />`
      }
    </main>
  </div>`;
}

/** A link to a group alone: find its goal. @param {{api: Api, comm: string}} props */
function GroupLink({ api, comm }) {
  const [error, setError] = useState(/** @type {Error | null} */ (null));
  useEffect(() => {
    api.json(`/v1/groups/${encodeURIComponent(comm)}`).then((group) => {
      location.replace(`#/goals/${group.goal_id}/chat/${comm}`);
    }, setError);
  }, [comm]);
  return html`<p class="pad dim">${error?.message ?? "Loading…"}</p>`;
}

/** Light, dark, or as the system is. */
function ThemeSwitch() {
  const [theme, setTheme] = useState(localStorage.getItem("ioa.theme") ?? "system");
  useEffect(() => {
    localStorage.setItem("ioa.theme", theme);
    document.documentElement.dataset.theme = theme;
  }, [theme]);
  const next = { system: "light", light: "dark", dark: "system" }[theme] ?? "system";
  return html`<button type="button" onClick=${() => setTheme(next)} title=${`Colours: ${theme}`}><span aria-hidden="true">◐</span>${theme === "system" ? "System" : theme === "light" ? "Light" : "Dark"}</button>`;
}

function App() {
  const [token, setToken] = useState(keptToken);
  const [error, setError] = useState(/** @type {Error | null} */ (null));
  const [trying, setTrying] = useState(false);
  useEffect(() => {
    const arrived = () => {
      const code = place().query.get("code");
      if (!code) return;
      history.replaceState(null, "", "#/goals"); // the code must not stay in the address
      setTrying(true);
      exchange(code)
        .then((made) => {
          keepToken(made, false);
          setToken(made);
          dispatchEvent(new HashChangeEvent("hashchange"));
        })
        .catch(setError)
        .finally(() => setTrying(false));
    };
    arrived();
    addEventListener("hashchange", arrived); // a link that is opened where the page is open already
    return () => removeEventListener("hashchange", arrived);
  }, []);
  const out = () => {
    forgetToken();
    setToken("");
  };
  if (trying) return html`<p class="pad dim" role="status">Signing in…</p>`;
  return token ? html`<${Signed} key=${token} token=${token} onSignOut=${out} />` : html`<${SignIn} key=${error?.message} error=${error} onToken=${setToken} />`;
}

document.documentElement.dataset.theme = localStorage.getItem("ioa.theme") ?? "system";
const root = document.getElementById("app");
if (root) render(html`<${App} />`, root);
