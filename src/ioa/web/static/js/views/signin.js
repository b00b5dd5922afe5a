// Who are you? A link with a code signs in once; otherwise the hub's token is asked for.
import { html, useState } from "../../vendor/ui.js";
import { Api } from "../api.js";
import { Problem } from "../parts.js";

const KEY = "ioa.token";

/** The token of this tab or, if the person wished so, of this browser. */
export function keptToken() {
  return sessionStorage.getItem(KEY) ?? localStorage.getItem(KEY) ?? "";
}

/** @param {string} token @param {boolean} forLong */
export function keepToken(token, forLong) {
  sessionStorage.setItem(KEY, token);
  if (forLong) localStorage.setItem(KEY, token);
}

export function forgetToken() {
  sessionStorage.removeItem(KEY);
  localStorage.removeItem(KEY);
}

/** Exchange the code of a sign-in link, which is good once. @param {string} code @returns {Promise<string>} the token */
export async function exchange(code) {
  return (await new Api("").json("/v1/sign-in", { method: "POST", body: { code } })).token;
}

/** @param {{onToken: (token: string) => void, error: Error | null}} props */
export function SignIn({ onToken, error }) {
  const [token, setToken] = useState("");
  const [forLong, setForLong] = useState(false);
  const [problem, setProblem] = useState(error);
  const enter = async (/** @type {Event} */ event) => {
    event.preventDefault();
    try {
      await new Api(token.trim()).json("/v1/me");
      keepToken(token.trim(), forLong);
      onToken(token.trim());
    } catch (refused) {
      setProblem(/** @type {Error} */ (refused));
    }
  };
  return html`<main class="sign-in">
    <form onSubmit=${enter}>
      <h1>Internet of Agents</h1>
      <p class="dim">Sign in with this hub's token. <code>ioa hub</code> and <code>ioa run --open</code> print a link that signs in by itself.</p>
      <label>Token <input type="password" autocomplete="current-password" autofocus value=${token} onInput=${(/** @type {any} */ event) => setToken(event.target.value)} /></label>
      <label><input type="checkbox" checked=${forLong} onChange=${(/** @type {any} */ event) => setForLong(event.target.checked)} /> Remember it in this browser</label>
      <${Problem} error=${problem} />
      <p class="actions"><button type="submit" class="primary" disabled=${!token.trim()}>Sign in</button></p>
    </form>
  </main>`;
}
