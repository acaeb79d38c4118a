// The file API of the quickstart, with the person's token.

import { accessToken } from './auth.js';
import { Problem } from './problem.js';

/** Address of a file: slashes part the key, everything else is encoded. */
export const fileUrl = (key) => `/api/files/${key.split('/').map(encodeURIComponent).join('/')}`;

/** Sends a request with a token; once more with a fresh one when the server refuses it. */
async function call(method, url, body) {
  const send = (token) =>
    fetch(url, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
      body: body && JSON.stringify(body),
    }).catch((cause) => { throw Problem.from(cause); });
  const token = await accessToken();
  let response = await send(token);
  if (response.status === 401) response = await send(await accessToken(token));
  if (!response.ok) throw await Problem.of(response);
  return response.status === 204 ? null : response.json();
}

export const me = () => call('GET', '/api/me');

/** One page of the files below a prefix: `{ files, next }`. */
export function list(prefix, cursor) {
  const query = new URLSearchParams({ prefix });
  if (cursor) query.set('cursor', cursor);
  return call('GET', `/api/files?${query}`);
}

/** Whether there is a file of just this key. A list answers it without a 404 for "no". */
export async function exists(key) {
  const { files } = await list(key);
  return files.some((file) => file.key === key);
}

export const remove = (key) => call('DELETE', fileUrl(key));

/** A signed link: `{ url, expires_at }`; `expiresIn` in seconds. */
export async function link(key, expiresIn, download) {
  const made = await call('POST', `${fileUrl(key)}/link`, { expires_in: expiresIn, download });
  return { ...made, url: new URL(made.url, location.href).href };
}

/** Lets the browser download a file itself, to disk and not through memory. */
export async function download(key) {
  const { url } = await link(key, 60, true);
  const anchor = document.createElement('a');
  anchor.href = url;
  anchor.download = key.split('/').at(-1);
  anchor.click();
}
