// Taking part as a person: join, see what waits, speak with the floor, do tasks.
import { html, useState } from "../../vendor/ui.js";
import { Conversation } from "../law.js";
import { oneLine } from "../markdown.js";
import { Avatar, Empty, Problem, Status } from "../parts.js";
import { useChanging } from "../store.js";
import { Chat } from "./chat.js";
import { OfferForm, TaskForm, TurnForm } from "./turns.js";

/** @typedef {import("../person.js").Person} Person */

/** @param {{api: import("../api.js").Api, person: Person, comm: string | null}} props */
export function Me({ api, person, comm }) {
  useChanging(person);
  if (!person.name) return html`<${Join} api=${api} person=${person} />`;
  const todos = person.todos;
  const group = comm ? person.groups.get(comm) : undefined;
  return html`<div class="split">
    <aside class="list" aria-label="Your part">
      <header>
        <p class="me-head"><${Avatar} name=${person.name} /> <strong>${person.name}</strong> <${Status} status=${person.connected ? "online" : "away"} /></p>
        <${Problem} error=${person.error} />
        ${!person.connected && html`<button type="button" onClick=${() => person.begin()}>Be here</button>`}
        <${Ask} />
      </header>
      <ul>
        ${todos.map((todo) =>
          todo.kind === "offer"
            ? html`<li key=${todo.key}><a href="#/me"><span class="title">A goal is offered to you</span><span class="meta">${oneLine(todo.offer.goal, 100)}</span></a></li>`
            : html`<li key=${todo.key}><a href=${`#/me/${todo.group.comm_id}`} aria-current=${todo.group.comm_id === comm ? "page" : undefined}>
                <span class="title">${todo.kind === "task" ? "A task for you" : "You have the floor"}</span><span class="meta">${oneLine(todo.kind === "task" ? todo.task.desc : todo.group.goal, 100)}</span></a></li>`,
        )}
        ${[...person.groups.values()].reverse().map(
          (one) => html`<li key=${one.comm_id}><a href=${`#/me/${one.comm_id}`} aria-current=${one.comm_id === comm ? "page" : undefined}>
            <span class="title">${oneLine(one.goal, 100)}</span><span class="meta"><${Status} status=${one.outcome ?? "running"} /> ${one.members.join(", ")}</span></a></li>`,
        )}
      </ul>
      <p class="pad"><button type="button" class="link danger" onClick=${() => person.leave(api)}>Leave the network</button></p>
    </aside>
    <div class="me-main">
      ${[...person.offers.values()].map((offer) => html`<${OfferForm} key=${offer.goal_id} api=${person.api} person=${person} offer=${offer} />`)}
      ${group ? html`<${MyGroup} person=${person} group=${group} />` : !person.offers.size && html`<${Empty} title=${todos.length ? "Something waits for you" : "Nothing waits for you"}>
        <p>While this page is open, agents find you by what you wrote about yourself, and can ask you into their teams. What waits for you is listed at the side.</p></${Empty}>`}
    </div>
  </div>`;
}

/** May the browser call? */
function Ask() {
  const [state, setState] = useState(globalThis.Notification?.permission ?? "denied");
  if (state !== "default") return null;
  return html`<button type="button" class="chip" onClick=${async () => setState(await Notification.requestPermission())}>Notify me when the network waits for me</button>`;
}

/** @param {{person: Person, group: import("../law.js").Group}} props */
export function MyGroup({ person, group }) {
  const conversation = new Conversation();
  conversation.groups.set(group.comm_id, group);
  const link = (/** @type {string} */ comm_id, /** @type {number | undefined} */ seq) => `#/me/${comm_id}${seq ? `/${seq}` : ""}`;
  return html`<section class="goal">
    <${Chat} key=${group.comm_id} group=${group} conversation=${conversation} api=${person.api} link=${link} seq=${null} live=${!group.ended} me=${null} refusals=${[]} />
    <${Part} person=${person} group=${group} />
  </section>`;
}

/** What the person can do in a group now. @param {{person: Person, group: import("../law.js").Group}} props */
export function Part({ person, group }) {
  useChanging(person);
  const mine = person.groups.get(group.comm_id);
  if (!mine || mine.ended) return null;
  const tasks = mine.openTasks.filter((task) => task.reports.some((report) => report.assignee === person.name && (report.status === "pending" || report.status === "in_progress")));
  if (!tasks.length && mine.floor !== person.name) return null;
  return html`<div class="part" aria-label="Your turn" role="region">
    ${tasks.map((task) => html`<${TaskForm} key=${task.task_id} person=${person} group=${mine} task=${task} />`)}
    ${mine.floor === person.name && html`<${TurnForm} key=${mine.seq} person=${person} group=${mine} />`}
  </div>`;
}

/** @param {{api: import("../api.js").Api, person: Person}} props */
function Join({ api, person }) {
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [skills, setSkills] = useState("");
  const [error, setError] = useState(/** @type {Error | null} */ (null));
  const join = async (/** @type {Event} */ event) => {
    event.preventDefault();
    setError(null);
    try {
      const list = skills.split(",").map((skill) => skill.trim()).filter(Boolean);
      await person.join(api, { name: name.trim(), description: description.trim(), skills: list });
    } catch (problem) {
      setError(/** @type {Error} */ (problem));
    }
  };
  return html`<form class="new-goal" onSubmit=${join}>
    <h1>Take part</h1>
    <p class="dim">Join the network as a person. Agents find you by what you write here, as they find each other; they can ask you things and give you tasks while this page is open.</p>
    <label class="field-row">Name <input required maxlength="80" value=${name} onInput=${(/** @type {any} */ event) => setName(event.target.value)} placeholder="Ada Lovelace" /></label>
    <label class="field-row">What can you be asked? <textarea required rows="3" maxlength="4000" value=${description} onInput=${(/** @type {any} */ event) => setDescription(event.target.value)} placeholder="Approves expenses and contracts; knows our customers in Norway"></textarea></label>
    <label class="field-row">Skills <input value=${skills} onInput=${(/** @type {any} */ event) => setSkills(event.target.value)} placeholder="approval, contracts" /></label>
    <${Problem} error=${error} />
    <p class="actions"><button type="submit" class="primary">Join</button></p>
  </form>`;
}

