// Where `demo-web` is sent back to. A real web app redeems the code on its server; here a person does it with curl.

import { h } from './dom.js';

const query = new URLSearchParams(location.search);
const page = document.getElementById('page');

/** A form value that is safe between single quotes in a shell. */
const quoted = (value) => encodeURIComponent(value).replaceAll("'", '%27');

const facts = (names) => h('dl', {}, names.filter((name) => query.has(name)).map((name) => h('div', {}, h('dt', {}, name), h('dd', {}, query.get(name)))));

function show(title, lead, ...rest) {
  document.title = `${title} · Demo web app`;
  page.replaceChildren(h('h1', {}, title), h('p', { class: 'lead' }, lead), ...rest);
}

if (query.has('error')) {
  show('No code this time', 'The server sent the request back with an error.', facts(['error', 'error_description', 'state', 'iss']));
} else if (query.has('code')) {
  const command = [
    `curl -u demo-web:demo-secret ${location.origin}/oauth/token`,
    "-d 'grant_type=authorization_code'",
    `-d 'code=${quoted(query.get('code'))}'`,
    `-d 'redirect_uri=${quoted(`${location.origin}/callback`)}'`,
    '-d "code_verifier=$VERIFIER"',
  ].join(' \\\n  ');
  const copy = h('button', { type: 'button', onclick: () => navigator.clipboard.writeText(command).then(() => { copy.textContent = 'Copied'; }) }, 'Copy');
  show('Here is the code', 'It works once, and not for long. Compare the state with the one you sent.', facts(['code', 'state', 'iss']),
    h('h2', {}, 'Redeem it'),
    h('pre', {}, command),
    navigator.clipboard && copy);
} else {
  show('Nothing to see yet', 'This is where the demo web app is sent back to after signing in.');
}
