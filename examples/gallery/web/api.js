// The server's few routes, and what it says when it refuses (RFC 9457).

export class Problem extends Error {
  constructor({ title, detail = '', status = 0, requestId = '' }) {
    super(title);
    Object.assign(this, { title, detail, status, requestId });
  }

  /** The problem an answer tells. */
  static parse(status, text) {
    let body = {};
    try {
      body = JSON.parse(text) ?? {};
    } catch {
      // Not every error is JSON: a proxy in between may answer for the server.
    }
    return new Problem({
      title: body.title ?? `The server answered ${status}`,
      detail: body.detail,
      status,
      requestId: body.request_id,
    });
  }

  static unreachable() {
    return new Problem({ title: 'The server cannot be reached', detail: 'Check that it is running, and try again.' });
  }
}

const address = (album, key) => `/api/${album}/${encodeURIComponent(key)}`;

async function ask(url, options) {
  let answer;
  try {
    answer = await fetch(url, options);
  } catch {
    throw Problem.unreachable();
  }
  const text = await answer.text();
  if (!answer.ok) throw Problem.parse(answer.status, text);
  return text ? JSON.parse(text) : null;
}

/** One page of an album: `files`, `next` and `max_size`. */
export function list(album, cursor) {
  const query = cursor ? `?${new URLSearchParams({ cursor })}` : '';
  return ask(`/api/${album}${query}`);
}

/** What is known of one file, with a fresh link. */
export const one = (album, key) => ask(address(album, key));

export const remove = (album, key) => ask(address(album, key), { method: 'DELETE' });

/** A link for others, whole even if the server gives a path only. */
export async function link(album, key, seconds, download) {
  const body = new URLSearchParams({ expires_in: seconds, download });
  const made = await ask(`${address(album, key)}/link`, { method: 'POST', body });
  return { ...made, url: new URL(made.url, location.href).href };
}

/** Sends all files in one form: all are kept or none. `fetch` cannot tell how far an upload is; XMLHttpRequest can. */
export function upload(album, files, { onprogress, signal }) {
  return new Promise((resolve, reject) => {
    const form = new FormData();
    for (const file of files) form.append('file', file, file.name);
    const request = new XMLHttpRequest();
    request.open('POST', `/api/${album}`);
    request.upload.onprogress = ({ loaded, total }) => onprogress(loaded, total);
    request.onload = () => {
      if (request.status < 300) resolve(JSON.parse(request.responseText).files);
      else reject(Problem.parse(request.status, request.responseText));
    };
    request.onerror = () => reject(Problem.unreachable());
    request.onabort = () => resolve(null);
    signal.addEventListener('abort', () => request.abort());
    request.send(form);
  });
}
