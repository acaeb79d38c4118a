// What went wrong, in the words of the server (RFC 9457, or RFC 6749 §5.2 from its OAuth side).

export class Problem extends Error {
  constructor({ title, detail = '', status = 0, requestId = '' }) {
    super(title);
    Object.assign(this, { title, detail, status, requestId });
  }

  /** The problem a response tells. */
  static async of(response) {
    return Problem.parse(response.status, await response.text().catch(() => ''), response.headers.get('x-request-id'));
  }

  static parse(status, text, requestId) {
    let body = {};
    try {
      body = JSON.parse(text) ?? {};
    } catch {
      // Not every error is JSON: a proxy in between may answer for the server.
    }
    return new Problem({
      title: body.title ?? (body.error ? 'The server refused' : `The server answered ${status}`),
      detail: body.detail ?? body.error_description ?? body.error ?? '',
      status,
      requestId: body.request_id ?? requestId ?? '',
    });
  }

  /** Whatever was thrown, as a problem; a failed fetch is an unreachable server. */
  static from(cause) {
    if (!(cause instanceof TypeError)) return cause;
    return navigator.onLine
      ? new Problem({ title: 'The server cannot be reached', detail: 'Check that it is running, and try again.' })
      : new Problem({ title: 'You are offline', detail: 'Try again once you are connected.' });
  }
}
