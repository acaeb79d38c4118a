// The queue of uploads: a few at a time, each with its progress, and none lost to a bad moment.

import { exists, fileUrl } from './api.js';
import { accessToken } from './auth.js';
import { Problem } from './problem.js';

const AT_ONCE = 3;

/**
 * One file on its way. States: `waiting`, `sending`, `finishing`, `done`, `failed`,
 * `conflict` (there is a file of that name: the person decides).
 */
class Upload {
  state = 'waiting';
  sent = 0;
  problem = null;
  rate = 0;
  replace = false;
  request = null;

  constructor(file, key) {
    this.file = file;
    this.key = key;
  }

  get active() {
    return this.state === 'waiting' || this.state === 'sending' || this.state === 'finishing';
  }

  get secondsLeft() {
    return this.rate ? (this.file.size - this.sent) / this.rate : Infinity;
  }
}

/** Fires `change` with the upload as detail (null: the list itself), and `done` for a file that has arrived. */
export class Uploads extends EventTarget {
  items = [];

  /** `signal` ends what listens to the window. */
  constructor(signal) {
    super();
    const lost = ({ state, problem }) => state === 'failed' && problem.status === 0;
    addEventListener('online', () => this.items.filter(lost).forEach((upload) => this.retry(upload)), { signal });
    addEventListener('beforeunload', (event) => { if (this.active) event.preventDefault(); }, { signal });
  }

  get active() {
    return this.items.filter((upload) => upload.active).length;
  }

  add(entries) {
    this.items.push(...entries.map(({ file, key }) => new Upload(file, key)));
    this.#changed(null);
    this.#next();
  }

  retry(upload) {
    this.#set(upload, 'waiting');
    this.#next();
  }

  /** Uploads over the file that is there. */
  replace(upload) {
    upload.replace = true;
    this.retry(upload);
  }

  /** Uploads under a name that is free: `a.txt` → `a (2).txt`. */
  async keepBoth(upload) {
    // Takes a place in the queue at once, and its buttons away.
    this.#set(upload, 'sending');
    try {
      const [, stem, number, extension] = /^(.*?[^/])(?: \((\d+)\))?(\.[^./]*)?$/s.exec(upload.key);
      let n = Number(number ?? 1) + 1;
      while (await exists(`${stem} (${n})${extension ?? ''}`)) n += 1;
      upload.key = `${stem} (${n})${extension ?? ''}`;
      this.retry(upload);
    } catch (problem) {
      this.#fail(upload, problem);
    }
  }

  /** Stops an upload, or takes it off the list. */
  drop(upload) {
    this.items = this.items.filter((other) => other !== upload);
    upload.request?.abort();
    this.#changed(null);
    this.#next();
  }

  clear() {
    for (const upload of [...this.items]) this.drop(upload);
  }

  #next() {
    const running = this.items.filter((upload) => upload.state === 'sending' || upload.state === 'finishing').length;
    const waiting = this.items.filter((upload) => upload.state === 'waiting');
    for (const upload of waiting.slice(0, AT_ONCE - running)) this.#start(upload);
  }

  async #start(upload) {
    upload.sent = 0;
    upload.rate = 0;
    upload.problem = null;
    this.#set(upload, 'sending');
    try {
      // Asked before the bytes go, so that a conflict does not cost the whole way.
      if (!upload.replace && (await exists(upload.key))) {
        this.#set(upload, 'conflict');
        return;
      }
      const token = await accessToken();
      let answer = await this.#put(upload, token);
      if (answer.status === 401) answer = await this.#put(upload, await accessToken(token));
      if (answer.status === 412) this.#set(upload, 'conflict');
      else if (answer.status < 200 || answer.status > 299) throw answer.problem();
      else {
        this.#set(upload, 'done');
        this.dispatchEvent(new CustomEvent('done', { detail: upload }));
      }
    } catch (problem) {
      this.#fail(upload, problem);
    } finally {
      upload.request = null;
      this.#next();
    }
  }

  /** `fetch` cannot tell how far an upload is; XMLHttpRequest can. */
  #put(upload, token) {
    return new Promise((resolve, reject) => {
      // Taken off the list while a token was fetched.
      if (!this.items.includes(upload)) return;
      const request = new XMLHttpRequest();
      upload.request = request;
      request.open('PUT', fileUrl(upload.key));
      request.setRequestHeader('authorization', `Bearer ${token}`);
      request.setRequestHeader('content-type', upload.file.type || 'application/octet-stream');
      if (!upload.replace) request.setRequestHeader('if-none-match', '*');
      let last = performance.now();
      request.upload.onprogress = ({ loaded }) => {
        const now = performance.now();
        const rate = ((loaded - upload.sent) / Math.max(now - last, 1)) * 1000;
        upload.rate = upload.rate ? upload.rate * 0.8 + rate * 0.2 : rate;
        upload.sent = Math.min(loaded, upload.file.size);
        last = now;
        this.#changed(upload);
      };
      request.upload.onload = () => {
        upload.sent = upload.file.size;
        this.#set(upload, 'finishing');
      };
      request.onload = () => resolve({
        status: request.status,
        problem: () => Problem.parse(request.status, request.responseText, request.getResponseHeader('x-request-id')),
      });
      request.onerror = () => reject(Problem.from(new TypeError()));
      request.send(upload.file);
    });
  }

  #fail(upload, problem) {
    upload.problem = problem;
    this.#set(upload, 'failed');
  }

  #set(upload, state) {
    upload.state = state;
    this.#changed(upload);
  }

  #changed(upload) {
    this.dispatchEvent(new CustomEvent('change', { detail: upload }));
  }
}

/** The files of a drop, folders included, as `{ file, path }`. */
export async function dropped(transfer) {
  // The entries must be taken before the first await: the list empties after the event.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files].map((file) => ({ file, path: file.name }));
  return (await Promise.all(entries.map((entry) => walk(entry, '')))).flat();
}

async function walk(entry, folder) {
  const path = folder + entry.name;
  if (entry.isFile) return [{ file: await new Promise((resolve, reject) => entry.file(resolve, reject)), path }];
  const reader = entry.createReader();
  const found = [];
  // A reader gives its entries in batches, an empty one at the end.
  for (;;) {
    const batch = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!batch.length) break;
    found.push(...batch);
  }
  return (await Promise.all(found.map((child) => walk(child, `${path}/`)))).flat();
}
