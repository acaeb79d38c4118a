// Every flow of ours with the npm package `openid-client`, as its documentation shows it; the one lenience is plain http.

import assert from 'node:assert/strict';
import * as client from 'openid-client';
import { consent } from './person.mjs';

const [base] = process.argv.slice(2);
const http = { algorithm: 'oauth2', execute: [client.allowInsecureRequests] };
const configure = (id, authentication) => client.discovery(new URL(base), id, undefined, authentication, http);

/** Code and PKCE, a call of the API, introspection, refresh, revocation. */
async function person(id, authentication, redirect_uri) {
  const config = await configure(id, authentication);
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const asked = client.buildAuthorizationUrl(config, {
    redirect_uri,
    scope: 'files:read profile',
    state,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  });
  const arrived = await consent(asked);
  const tokens = await client.authorizationCodeGrant(config, arrived, { pkceCodeVerifier: verifier, expectedState: state });
  assert.equal(tokens.token_type, 'bearer');
  assert.ok(tokens.expiresIn() > 3000);
  await assert.rejects(client.authorizationCodeGrant(config, arrived, { pkceCodeVerifier: verifier, expectedState: state }), { error: 'invalid_grant' });

  // The code was used twice, which ends all that came of it (RFC 6749 §4.1.2): the rest is done with fresh tokens.
  const again = await consent(asked);
  const fresh = await client.authorizationCodeGrant(config, again, { pkceCodeVerifier: verifier, expectedState: state });
  const me = await client.fetchProtectedResource(config, fresh.access_token, new URL('/api/me', base), 'GET');
  assert.equal((await me.json()).sub, 'demo');
  const known = await client.tokenIntrospection(config, fresh.access_token);
  assert.deepEqual([known.active, known.sub, known.client_id], [true, 'demo', id]);

  const renewed = await client.refreshTokenGrant(config, fresh.refresh_token, { scope: 'profile' });
  assert.equal(renewed.scope, 'profile');
  assert.notEqual(renewed.refresh_token, fresh.refresh_token);
  await client.tokenRevocation(config, renewed.refresh_token, { token_type_hint: 'refresh_token' });
  assert.equal((await client.tokenIntrospection(config, renewed.access_token)).active, false);
  await assert.rejects(client.refreshTokenGrant(config, renewed.refresh_token), { error: 'invalid_grant' });
}

await person('demo-web', client.ClientSecretBasic('demo-secret'), 'http://127.0.0.1:8080/callback');
await person('demo-web', client.ClientSecretPost('demo-secret'), 'http://127.0.0.1:8080/callback');
await person('demo-spa', client.None(), `${base}/app/callback`);

const service = await configure('demo-service', client.ClientSecretBasic('demo-secret'));
const own = await client.clientCredentialsGrant(service, { scope: 'files:read' });
assert.equal((await client.tokenIntrospection(service, own.access_token)).client_id, 'demo-service');
await client.tokenRevocation(service, own.access_token);
assert.deepEqual(await client.tokenIntrospection(service, own.access_token), { active: false });
const wrong = await configure('demo-service', client.ClientSecretBasic('wrong'));
await assert.rejects(client.clientCredentialsGrant(wrong), (error) => error.code === 'OAUTH_WWW_AUTHENTICATE_CHALLENGE' || error.error === 'invalid_client');
console.log('openid-client: ok');
