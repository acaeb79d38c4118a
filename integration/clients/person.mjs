// A person at the quickstart's pages without a browser: signs in, allows what is asked, and gives where that leads.

import assert from 'node:assert/strict';

/** Goes the way from an authorization URL back to the client, and gives the URL the browser arrives at. */
export async function consent(authorizationUrl) {
  const cookies = new Map();
  const ask = async (url, form) => {
    const answer = await fetch(url, {
      method: form ? 'POST' : 'GET',
      body: form,
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
    });
    for (const line of answer.headers.getSetCookie()) {
      const [name, value] = line.split(';')[0].split(/=(.*)/s);
      cookies.set(name, value);
    }
    return answer;
  };
  const follow = (answer, from) => {
    assert.ok([302, 303].includes(answer.status), `a redirect, not ${answer.status}`);
    return new URL(answer.headers.get('location'), from);
  };
  const login = follow(await ask(authorizationUrl), authorizationUrl);
  const page = await (await ask(login)).text();
  const back = follow(await ask(login, new URLSearchParams({
    csrf: hidden(page, 'csrf'),
    return_to: hidden(page, 'return_to'),
    username: 'demo',
    password: 'demo',
  })), login);
  const shown = await ask(back);
  // A consent that is remembered is not asked for again.
  if (shown.status !== 200) return follow(shown, back);
  const question = await shown.text();
  const form = new URLSearchParams({ ticket: hidden(question, 'ticket'), decision: 'allow' });
  for (const [, scope] of question.matchAll(/name="scope" value="([^"]+)"/g)) form.append('scope', scope);
  return follow(await ask(back, form), back);
}

function hidden(page, name) {
  const found = page.match(new RegExp(`name="${name}" value="([^"]*)"`));
  assert.ok(found, `no field ${name}`);
  return found[1].replaceAll('&#38;', '&').replaceAll('&amp;', '&');
}
