// Signing in: authorization code with PKCE (RFC 7636), as a public client.
//
// Tokens live in sessionStorage: they survive a reload, and end with the tab.

import { Problem } from './problem.js';

const CLIENT = 'demo-spa';
const SCOPE = 'files:read files:write profile';
const SESSION = 'drive.session';
const PENDING = 'drive.pending';
/** A token this close to its end, in milliseconds, is refreshed before it is used. */
const MARGIN = 30_000;

/** Fires `end` when the session is over and the person must sign in again. */
export const session = new EventTarget();

/** The session is over. */
export class SignedOut extends Problem {
  constructor() {
    super({ title: 'Your session has ended', detail: 'Please sign in again.', status: 401 });
  }
}

const read = (key) => JSON.parse(sessionStorage.getItem(key) ?? 'null');
const write = (key, value) => sessionStorage.setItem(key, JSON.stringify(value));

export const signedIn = () => read(SESSION) !== null;

/** Whether the person granted `scope`. */
export const may = (scope) => (read(SESSION)?.scope ?? '').split(' ').includes(scope);

let metadata;

/** The server's own description (RFC 8414). */
function server() {
  metadata ??= describe().catch((cause) => {
    metadata = undefined;
    throw Problem.from(cause);
  });
  return metadata;
}

async function describe() {
  const response = await fetch('/.well-known/oauth-authorization-server');
  if (!response.ok) throw await Problem.of(response);
  return response.json();
}

const base64url = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

const redirectUri = () => `${location.origin}/app/callback`;

/** Leaves for the sign-in page. */
export async function signIn() {
  const { issuer, authorization_endpoint } = await server();
  // The redirect target is registered for the issuer's own name of this host, so `localhost` goes to `127.0.0.1`.
  const home = new URL(issuer).origin;
  if (home !== location.origin) {
    location.assign(`${home}/`);
    return;
  }
  if (!crypto.subtle) {
    throw new Problem({ title: 'This address is not secure', detail: 'Browsers only sign in over HTTPS or on this very computer.' });
  }
  const pending = { state: random(), verifier: random(), back: location.hash };
  write(PENDING, pending);
  const challenge = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(pending.verifier));
  const url = new URL(authorization_endpoint);
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: CLIENT,
    redirect_uri: redirectUri(),
    scope: SCOPE,
    state: pending.state,
    code_challenge: base64url(challenge),
    code_challenge_method: 'S256',
  });
  location.assign(url);
}

/** Ends a sign-in with what the redirect brought; gives the place in the page to go back to. */
export async function finishSignIn(query) {
  const pending = read(PENDING);
  sessionStorage.removeItem(PENDING);
  if (!pending || query.get('state') !== pending.state) {
    throw new Problem({ title: 'This sign-in did not start here', detail: 'It was opened in another tab, or twice. Please sign in again.' });
  }
  const { issuer, token_endpoint } = await server();
  // The answer must come from the server that was asked (RFC 9207 §2.4).
  if (query.get('iss') !== issuer) {
    throw new Problem({ title: 'The answer came from another server', detail: 'Nothing was sent to it. Please sign in again.' });
  }
  if (query.has('error')) {
    const denied = query.get('error') === 'access_denied';
    throw new Problem({
      title: denied ? 'You did not allow access' : 'The sign-in did not work',
      detail: denied ? 'The drive cannot show your files without it.' : query.get('error_description') ?? query.get('error'),
    });
  }
  await redeem(token_endpoint, {
    grant_type: 'authorization_code',
    code: query.get('code') ?? '',
    redirect_uri: redirectUri(),
    code_verifier: pending.verifier,
  });
  return pending.back;
}

async function redeem(endpoint, parameters) {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { accept: 'application/json' },
    body: new URLSearchParams({ ...parameters, client_id: CLIENT }),
  }).catch((cause) => { throw Problem.from(cause); });
  if (!response.ok) throw await Problem.of(response);
  const tokens = await response.json();
  const before = read(SESSION);
  write(SESSION, {
    access_token: tokens.access_token,
    refresh_token: tokens.refresh_token ?? before?.refresh_token,
    expires_at: Date.now() + tokens.expires_in * 1000,
    // Left out means: what was asked (RFC 6749 §5.1).
    scope: tokens.scope ?? before?.scope ?? SCOPE,
  });
}

let refreshing;

/** A token that is good now. `rejected` is one the server refused, though its time was not up. */
export async function accessToken(rejected) {
  const current = read(SESSION);
  if (!current) end();
  const usable = current.access_token !== rejected && Date.now() < current.expires_at - MARGIN;
  if (usable) return current.access_token;
  // One refresh at a time: a rotated token used twice looks stolen, and ends the session.
  refreshing ??= refresh(current).finally(() => { refreshing = undefined; });
  await refreshing;
  return (read(SESSION) ?? end()).access_token;
}

async function refresh({ refresh_token }) {
  if (!refresh_token) end();
  try {
    const { token_endpoint } = await server();
    await redeem(token_endpoint, { grant_type: 'refresh_token', refresh_token });
  } catch (problem) {
    // A token that is refused is gone; a server that is busy or out of reach is not.
    if (problem.status === 400 || problem.status === 401) end();
    throw problem;
  }
}

/** Throws. */
function end() {
  sessionStorage.removeItem(SESSION);
  session.dispatchEvent(new Event('end'));
  throw new SignedOut();
}

/** Gives the tokens back (RFC 7009), and ends the browser's session with the server. */
export async function signOut() {
  const current = read(SESSION);
  sessionStorage.removeItem(SESSION);
  const { revocation_endpoint } = await server();
  const token = current?.refresh_token ?? current?.access_token;
  const post = async (url, parameters) => {
    const response = await fetch(url, { method: 'POST', headers: { accept: 'application/json' }, body: new URLSearchParams(parameters) })
      .catch((cause) => { throw Problem.from(cause); });
    if (!response.ok) throw await Problem.of(response);
    await response.text();
  };
  // Both are tried, whatever becomes of the other.
  const answers = await Promise.allSettled([
    token && post(revocation_endpoint, { token, client_id: CLIENT }),
    post('/logout', {}),
  ]);
  for (const { reason } of answers) if (reason) throw reason;
}
